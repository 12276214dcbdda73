import type { FleetSettings } from '../fleet/settings.ts'
import type { EngineLook, FleetLook, ServerLook, StoreLook } from '../fleet/nats/look-at-engine.ts'
import { maxOffsetMs, warnOffsetMs } from '../plan/fleet/windows.ts'
import { formatDuration } from '../text/duration.ts'
import { type CheckResult, type Finding, findingsOf, note, ok, warning } from './finding.ts'

/** The engine of the fleet, as this machine sees it. */
export interface FleetEngineFacts {
  /** The name of the fleet. */
  readonly name: string
  readonly login: FleetSettings['login']['kind']
  readonly look: FleetLook
}

const nothingStarts = 'no task with scope: fleet starts here; all other tasks do'

/** The rows about servers, streams and rights. */
export function judgeFleetEngine(facts: FleetEngineFacts): Finding[] {
  const { engine, sync } = facts.look
  return findingsOf({
    fleet: checkServers(facts),
    'fleet-streams': engine && checkStreams(engine),
    'fleet-claims': engine && checkStores(engine),
    'fleet-login': engine && checkLogin(facts, engine),
    'fleet-clock': engine && checkOffset(engine),
    'fleet-fsync': sync && checkSync(sync),
  })
}

type UpServer = Extract<ServerLook, { kind: 'up' }>

function checkServers({ name, look: { servers } }: FleetEngineFacts): CheckResult {
  const up = servers.filter((each): each is UpServer => each.kind === 'up')
  const down = [...new Set(servers.flatMap((each) => (each.kind === 'down' ? each.words : [])))]
  if (up.length === 0)
    return warning(`the fleet ${name} cannot be reached: ${down.join('; ')}`, {
      instead: nothingStarts,
      hint: 'check servers and the login in the section fleet of the config file',
    })
  const found = `${name}: ${up.map(serverWords).join(', ')}`
  if (down.length > 0)
    return warning(`${found}; ${down.join('; ')}`, {
      instead: 'torch uses the servers that answer',
      hint: 'when more than half of the servers are down, nothing of the fleet starts',
    })
  const warned = up.find((each) => each.warning !== null)
  if (warned?.warning != null)
    return warning(`${warned.server}: ${warned.warning}`, {
      hint: 'install a newer nats-server, one machine after the other',
    })
  return ok(found)
}

function serverWords({ server, version, roundTripMs }: UpServer): string {
  const ms = roundTripMs < 1 ? 'less than 1ms' : formatDuration(roundTripMs)
  return `${server} (nats-server ${version}) answers in ${ms}`
}

function checkStreams({ streams }: EngineLook): CheckResult {
  const check = 'torch fleet check shows all of it'
  const missing = streams.find(({ state }) => state === 'missing')
  if (missing !== undefined)
    return warning(`the stream ${missing.name} is missing`, {
      instead: nothingStarts,
      hint: 'torch fleet init, once, makes what is missing',
    })
  const unknown = streams.find(({ state }) => state === 'unknown')
  if (unknown !== undefined)
    return warning(`${unknown.name}: ${unknown.words ?? 'no answer'}`, { hint: check })
  for (const { name, differences } of streams)
    for (const { key, found, expected, why } of differences)
      return warning(
        `${name} has ${key} ${found} instead of ${expected}${why === null ? '' : `: ${why}`}`,
        { hint: `${check}; torch fleet init --force changes the settings` },
      )
  const behind = streams.find(({ copies, complete }) => (complete ?? 0) < (copies ?? 0))
  if (behind !== undefined)
    return warning(
      `${behind.name} is complete on ${behind.complete} of ${behind.copies} servers: one is down, or still catches up`,
      { hint: check },
    )
  const single = streams.find(({ copies }) => copies === 1)
  if (single !== undefined)
    return note(`${single.name} is on one server: while it is down, nothing of the fleet starts`, {
      hint: 'three servers, and torch fleet init --replicas 3 --force',
    })
  const leaders = [...new Set(streams.flatMap(({ leader }) => leader ?? []))].toSorted()
  if (leaders.length === 0)
    return warning('no server leads the streams: claims wait until one is chosen', {
      instead: nothingStarts,
      hint: 'more than half of the servers must be up; try again in some seconds',
    })
  const copies = streams[0]?.copies ?? 0
  return ok(`all are as torch needs them, with ${copies} copies, led by ${leaders.join(', ')}`)
}

function checkStores({ claim, place, streams }: EngineLook): CheckResult {
  if (streams.some(({ state }) => state === 'missing'))
    return note('claims and places were not tried: they need the streams', {
      hint: 'torch fleet init, once, makes what is missing',
    })
  const hint = 'each machine needs the rights of its own user: torch fleet init --users writes them'
  if (claim.kind === 'not stored')
    return warning(`the engine takes no claim: ${claim.words}`, { instead: nothingStarts, hint })
  if (place.kind === 'not stored')
    return warning(`the engine takes no place: ${place.words}`, {
      instead: 'no task with scope: fleet and a max starts here',
      hint,
    })
  const ms = formatDuration(Math.max(claim.tookMs, place.tookMs, 1))
  return ok(`a claim and a place were stored and read back within ${ms}`)
}

function checkLogin(
  { login }: FleetEngineFacts,
  { mayCommand }: EngineLook,
): CheckResult | undefined {
  const hint = 'torch fleet init --users makes a user for each machine, and one for operators'
  if (login === 'none')
    return warning('the servers ask for no login: whoever reaches them may do everything', { hint })
  if (mayCommand === null) return undefined
  if (mayCommand)
    return note('this login may also run and kill on all other machines, and so may who has it', {
      hint,
    })
  return ok('this machine may not tell others what to run')
}

/** The quicker answer says more about the clock. */
function checkOffset({ claim, place }: EngineLook): CheckResult | undefined {
  const [best] = [claim, place]
    .filter((each): each is Extract<StoreLook, { kind: 'stored' }> => each.kind === 'stored')
    .filter(({ offsetMs }) => offsetMs !== null)
    .toSorted((a, b) => a.tookMs - b.tookMs)
  if (best?.offsetMs == null) return undefined
  const apart = Math.abs(best.offsetMs)
  const found = `this clock is ${formatDuration(apart)} ${best.offsetMs > 0 ? 'ahead of' : 'behind'} that of the engine`
  const hint = 'timedatectl set-ntp true, on this machine and on the servers'
  if (apart > maxOffsetMs) return warning(found, { instead: nothingStarts, hint })
  if (apart > warnOffsetMs)
    return warning(`${found}: tasks of the fleet start late here, or are left to others`, { hint })
  return ok(`this clock is within ${formatDuration(Math.max(apart, 1))} of that of the engine`)
}

function checkSync(sync: NonNullable<FleetLook['sync']>): CheckResult {
  if (sync.kind === 'failed')
    return warning(`monitor cannot be read: ${sync.words}`, {
      hint: 'http: 8222 in nats.conf opens that port; or leave out monitor in the section fleet',
    })
  const { server, version, isEngine, isAlways } = sync
  if (!isEngine) return note(`${server} has no JetStream`, { hint: 'monitor names another server' })
  if (isAlways) return ok(`${server} writes each message to its disk before it answers`)
  const found = `${server} (nats-server ${version}) does not write each message to its disk at once`
  return warning(found, {
    instead: 'if all servers lose power together, a slot of the last minutes may start twice',
    hint: 'sync_interval: always in the section jetstream of nats.conf, from nats-server 2.10.23 on',
  })
}
