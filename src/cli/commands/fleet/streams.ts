import { exitStatus, messageOf, TorchError } from '../../../errors.ts'
import { loadClient } from '../../../fleet/nats/client.ts'
import type { WantedStreams } from '../../../fleet/nats/compare-streams.ts'
import { addressOf, dial, type OpenConnection } from '../../../fleet/nats/dial.ts'
import {
  lookAtStreams,
  setUpStreams,
  type StreamReport,
  type StreamResult,
} from '../../../fleet/nats/setup.ts'
import { fleetNames } from '../../../fleet/nats/subjects.ts'
import type { FleetSettings } from '../../../fleet/settings.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { fleetSettings } from '../../args/fleet-section.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import type { Style } from '../../terminal/terminal.ts'

/** Runs `torch fleet init` without --on and --users: makes the streams. */
export async function initStreams(call: Call, values: Values): Promise<number> {
  return withEngine(call, async (open, settings) => {
    const { manager } = open
    const names = fleetNames(settings.name)
    const force = values.force ?? false
    const results = await setUpStreams(manager, names, wantedOf(values), force)
    await show(call, values, { open, settings, streams: results })
    return results.some(({ did }) => did === 'failed') ? exitStatus.failed : exitStatus.done
  })
}

/** Runs `torch fleet check`. */
export async function checkStreams(call: Call, values: Values): Promise<number> {
  return withEngine(call, async (open, settings) => {
    const names = fleetNames(settings.name)
    const reports = await lookAtStreams(open.manager, names, wantedOf(values))
    await show(call, values, { open, settings, streams: reports })
    return reports.every(({ state }) => state === 'ok') ? exitStatus.done : exitStatus.failed
  })
}

function wantedOf({ replicas, keep }: Values): WantedStreams {
  return { replicas: replicas === undefined ? undefined : Number(replicas), keepMs: keep }
}

async function withEngine(
  call: Call,
  work: (open: OpenConnection, settings: FleetSettings) => Promise<number>,
): Promise<number> {
  const { open, settings } = await dialEngine(call)
  try {
    return await work(open, settings)
  } finally {
    await open.connection.close()
  }
}

/** Connects to the servers of the section fleet. Throws TorchError `bad-config` or `no-engine`. */
export async function dialEngine({
  host,
  fleet,
}: Call): Promise<{ readonly open: OpenConnection; readonly settings: FleetSettings }> {
  if (fleet === undefined)
    throw new TorchError('bad-config', 'this machine is in no fleet: no section fleet was found', {
      exit: exitStatus.usage,
      hint: 'name the servers in /etc/torch/torch.yaml, such as fleet: { name: prod, servers: [nats://db1:4222] }; torch fleet init --on HOST writes the files for new servers',
    })
  const settings = fleetSettings(fleet, host.network.name())
  try {
    return { open: await dial(host, await loadClient(), settings), settings }
  } catch (error) {
    const message = `the engine of the fleet ${settings.name} cannot be used: ${plainLine(messageOf(error))}`
    throw new TorchError('no-engine', message, {
      cause: error,
      hint: `the section fleet of ${fleet.file} names the servers and the login`,
    })
  }
}

interface Shown {
  readonly open: OpenConnection
  readonly settings: FleetSettings
  readonly streams: readonly (StreamReport | StreamResult)[]
}

async function show({ terminal }: Call, { json }: Values, shown: Shown): Promise<void> {
  const { open, settings, streams } = shown
  const { version, server } = open
  const warnings = warningsOf(shown)
  if (json) {
    const isOk = streams.every(({ state }) => state === 'ok')
    const head = { fleet: settings.name, server: addressOf(server), version, ok: isOk }
    await terminal.say(JSON.stringify({ ...head, warnings, streams }, null, 2))
    return
  }
  const at = `fleet ${settings.name}: nats-server ${plainLine(version)} at ${addressOf(server)}`
  const lines = streams.flatMap((stream) => {
    const [words, style] = stateOf(stream)
    const name = stream.name.padEnd(Math.max(...streams.map((each) => each.name.length)))
    const facts = factsOf(stream)
    return [
      `${name}  ${terminal.paint(style, words.padEnd(7))}${facts === '' ? '' : `  ${facts}`}`.trimEnd(),
      ...stream.differences.map(
        ({ key, found, expected, why }) =>
          `  ${key}: ${plainLine(found)}, expected ${expected}${why === null ? '' : `; ${why}`}`,
      ),
    ]
  })
  await terminal.say([at, ...lines].join('\n'))
  for (const warning of warnings) terminal.note(`warning: ${warning}`)
  const hint = hintOf(streams)
  if (hint !== undefined) terminal.note(`hint: ${hint}`)
}

function stateOf(stream: StreamReport | StreamResult): [words: string, style: Style] {
  if ('did' in stream && stream.did === 'made') return ['made', 'green']
  if ('did' in stream && stream.did === 'changed' && stream.state === 'ok')
    return ['changed', 'green']
  return [stream.state, stream.state === 'ok' ? 'green' : 'red']
}

function factsOf({ copies, complete, leader, messages, words }: StreamReport): string {
  if (words !== null) return plainLine(words)
  if (copies === null || complete === null || messages === null) return ''
  const whole = complete < copies ? `, ${complete} of them complete` : ''
  const led = leader === null ? '' : `, leader ${plainLine(leader)}`
  return `${copies === 1 ? '1 copy' : `${copies} copies`}${whole}${led}, ${counted(messages, 'message')}`
}

function warningsOf({ open, settings, streams }: Shown): string[] {
  const isSingle = streams.some(({ copies }) => copies === 1)
  const isShort = streams.some(({ copies, complete }) => (complete ?? 0) < (copies ?? 0))
  const isOpen = settings.login.kind === 'none'
  return [
    ...(open.warning === null ? [] : [open.warning]),
    ...(isSingle ? ['with one copy, no task of the fleet starts while its server is down'] : []),
    ...(isShort ? ['a copy is not complete: a server is down, or still catches up'] : []),
    ...(isOpen ? ['the servers ask for no login: whoever reaches them may do everything'] : []),
  ]
}

function hintOf(streams: readonly (StreamReport | StreamResult)[]): string | undefined {
  if (streams.some((stream) => 'did' in stream && stream.did === 'failed'))
    return streams.some(({ state, words }) => state === 'differs' && words === null)
      ? 'torch fleet init --force changes these settings; the streams stay'
      : undefined
  const isMissing = streams.some(({ state }) => state === 'missing')
  if (isMissing) return 'torch fleet init makes what is missing'
  const differs = streams.some(({ state }) => state === 'differs')
  return differs ? 'torch fleet init --force changes these settings; the streams stay' : undefined
}
