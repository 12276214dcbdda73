import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe } from 'vitest'
import { freePort } from '../free-port.ts'
import { until } from '../until.ts'

/** Servers of several versions: the one on PATH, and those in TORCH_TEST_NATS_SERVERS (paths, with colons between). */
export const natsPrograms: readonly string[] = [
  ...(process.env['TORCH_TEST_NATS_SERVERS'] ?? '').split(':').filter((file) => file !== ''),
  ...['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'],
].filter((file) => fs.existsSync(file))

/** A group of tests for each version of the server; without any, it is shown as skipped. */
export const describeNats = describeFor(natsPrograms)

/** The same for what does not depend on the version: with the first of them. */
export const describeOneNats = describeFor(natsPrograms.slice(0, 1))

function describeFor(programs: readonly string[]) {
  return describe
    .skipIf(programs.length === 0)
    .each(programs.length === 0 ? ['nats-server, which is missing'] : programs)
}

/** A real server of its own on loopback. */
export interface NatsServer {
  readonly url: string
  readonly pid: () => number
  kill(signal: NodeJS.Signals): void
  /** Kills it with KILL, and waits for its end. */
  crash(): Promise<void>
  /** Starts it again on the same port, with what it has on disk. */
  start(): Promise<void>
  close(): Promise<void>
}

/**
 * `extra` is added to its configuration; `includes` is a folder with files that this includes; `jetstream` is added
 * to that section.
 */
export async function natsServer(
  program: string,
  extra: string = '',
  includes?: string,
  jetstream: string = '',
): Promise<NatsServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-nats-'))
  if (includes !== undefined) fs.cpSync(includes, folder, { recursive: true })
  const port = await freePort()
  const config = path.join(folder, 'nats.conf')
  fs.writeFileSync(
    config,
    `listen: 127.0.0.1:${port}\njetstream {\n  store_dir: ${JSON.stringify(path.join(folder, 'data'))}\n  ${jetstream}\n}\n${extra}`,
  )
  const log = path.join(folder, 'log')
  let child: ChildProcess | undefined
  const exited = async (): Promise<void> => {
    const ended = child
    await until(
      () => ended?.exitCode !== null || ended.signalCode !== null,
      'the end of nats-server',
    )
  }
  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    kill: (signal) => void child?.kill(signal),
    async start() {
      fs.rmSync(log, { force: true })
      child = spawn(program, ['-c', config, '-l', log], { stdio: 'ignore' })
      await until(
        () => fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('Server is ready'),
        'nats-server',
      )
    },
    async crash() {
      child?.kill('SIGKILL')
      await exited()
    },
    async close() {
      await server.crash()
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}
