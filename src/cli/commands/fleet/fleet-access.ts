import { randomUUID } from 'node:crypto'
import { streamFleetLog } from '../../../control/client.ts'
import type { FleetLogRequest } from '../../../control/fleet-reports.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import type { HostStatus } from '../../../daemon/fleet/answer-asks.ts'
import { askAll, askHost, tellHost } from '../../../fleet/ask.ts'
import { readChunks } from '../../../fleet/log-stream.ts'
import { natsExchange } from '../../../fleet/nats/exchange.ts'
import { people } from '../../../fleet/nats/rights.ts'
import { fleetNames } from '../../../fleet/nats/subjects.ts'
import { type AskMachines, statusOfAll } from '../../../view/fleet/fleet-status.ts'
import { requireEngine } from '../../../view/fleet/known.ts'
import { readRow } from '../../../view/fleet/read-answer.ts'
import { fleetSettings } from '../../args/fleet-section.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { dialEngine } from './streams.ts'

/** Part of the output of a machine. */
export type LogPart =
  | { readonly kind: 'start'; readonly task: string; readonly run: string }
  | {
      readonly kind: 'output'
      readonly task: string
      readonly run: string
      readonly bytes: Uint8Array
      /** When it came, ISO 8601 in UTC; undefined: its machine does not say. */
      readonly at?: string
    }
  | {
      readonly kind: 'end'
      readonly task: string
      readonly run: string
      readonly row: HistoryRow | null
    }

/** How a command reaches the machines. */
export interface FleetAccess {
  /** The status of each machine that answers. */
  statuses(): Promise<Map<string, HostStatus>>
  tell(host: string, verb: 'run' | 'kill' | 'reload', request: object): Promise<unknown>
  log(request: FleetLogRequest, signal: AbortSignal): AsyncGenerator<LogPart, void, undefined>
  close(): Promise<void>
}

/**
 * Through the daemon of this machine. With the login of a user that is no machine, such as operator, straight to
 * the servers: a machine may not tell others what to do where each has a login of its own. Throws TorchError
 * `no-engine` if the engine cannot be reached.
 */
export async function openAccess(call: Call): Promise<FleetAccess> {
  const settings = call.fleet && fleetSettings(call.fleet, call.host.network.name())
  const user = settings?.login.kind === 'password' ? settings.login.user : ''
  if (people.some((each) => each === user)) return directAccess(call, user)
  await requireEngine((name, request) => ask(call, name, request, 'required'))
  return daemonAccess(call)
}

function daemonAccess(call: Call): FleetAccess {
  const who = nameOfUser(call)
  const asked: AskMachines = (request) => ask(call, 'fleetAsk', request, 'required')
  return {
    statuses: () => statusOfAll(asked, undefined, [], false),
    tell: async (host, verb, request) =>
      (await ask(call, 'fleetDo', { host, verb, who, request: { ...request } }, 'required')).value,
    async *log(request, signal) {
      const { host } = request
      for await (const line of streamFleetLog(call.paths.socket, request, signal))
        if (line.kind === 'output') yield { ...line, bytes: Buffer.from(line.text, 'base64') }
        else yield line.kind === 'end' ? { ...line, row: readRow(host, line.row) ?? null } : line
    },
    close: () => Promise.resolve(),
  }
}

async function directAccess(call: Call, user: string): Promise<FleetAccess> {
  const { clock } = call.host
  const { open, settings } = await dialEngine(call)
  const exchange = natsExchange(fleetNames(settings.name), settings.name, user)
  exchange.use(open.connection)
  const who = nameOfUser(call)
  const asked: AskMachines = async ({ hosts, question }) => {
    if (hosts === undefined) return { answers: await askAll(exchange, clock, question, undefined) }
    const answers = hosts.map(async (host) => ({
      host,
      value: await askHost(exchange, host, question),
    }))
    return { answers: await Promise.all(answers) }
  }
  return {
    statuses: () => statusOfAll(asked, undefined, [], false),
    tell: (host, verb, request) =>
      tellHost(exchange, host, { id: randomUUID(), verb, who, atMs: clock.now(), request }),
    async *log({ host, ...request }, signal) {
      for await (const { head, bytes } of readChunks(exchange, clock, host, request, signal)) {
        const { kind, task = '', run = '', row, at } = head
        if (kind === 'start') yield { kind, task, run }
        else if (kind === 'output')
          yield { kind, task, run, bytes, ...(at !== undefined && { at }) }
        else if (kind === 'end') yield { kind, task, run, row: readRow(host, row) ?? null }
      }
    },
    close: () => open.connection.close(),
  }
}

/** For the records of the machine that is told: who, and where. */
function nameOfUser({ host }: Call): string {
  const user = process.env['SUDO_USER'] ?? host.accounts.self().name
  return `${user}@${host.network.name()}`
}
