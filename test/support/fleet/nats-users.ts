import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { passwordsConf, usersConf } from '../../../src/fleet/nats/server-files.ts'
import { setUpStreams } from '../../../src/fleet/nats/setup.ts'
import { fleetNames, inboxPrefix } from '../../../src/fleet/nats/subjects.ts'
import { type NatsServer, natsServer } from './nats-server.ts'

/** A server with the streams of the fleet `prod`, and a user for each machine. All have the password in `passwordFile`. */
export interface UsersServer {
  readonly server: NatsServer
  readonly passwordFile: string
  close(): Promise<void>
}

const password = 'same-for-all'

export async function usersServer(program: string, hosts: readonly string[]): Promise<UsersServer> {
  const folder = fs.mkdtempSync(path.join(os.homedir(), '.torch-users-'))
  const plan = { fleet: 'prod', servers: [], users: hosts, hasSync: true }
  fs.writeFileSync(path.join(folder, 'nats-users.conf'), usersConf(plan))
  const passwords = passwordsConf(plan, undefined, () => password)
  fs.writeFileSync(path.join(folder, 'nats-passwords.conf'), passwords)
  const server = await natsServer(program, 'include nats-users.conf\n', folder)
  const setup = await connect({
    ...{ servers: server.url, user: 'setup', pass: password },
    inboxPrefix: inboxPrefix({ name: 'prod', host: 'setup' }),
  })
  const manager = await jetstreamManager(setup, { checkAPI: false })
  await setUpStreams(manager, fleetNames('prod'), { replicas: 1, keepMs: undefined }, false)
  await setup.close()
  const passwordFile = path.join(folder, 'password')
  fs.writeFileSync(passwordFile, password, { mode: 0o600 })
  return {
    server,
    passwordFile,
    async close() {
      await server.close()
      fs.rmSync(folder, { recursive: true })
    },
  }
}
