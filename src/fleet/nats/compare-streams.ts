import type { StreamConfig } from '@nats-io/jetstream'
import { formatDuration } from '../../text/duration.ts'
import { sizeText } from '../../text/size.ts'
import { fleetStreams } from './streams.ts'
import type { FleetNames } from './subjects.ts'

/** One setting of a stream that is not as `torch fleet init` makes it. */
export interface Difference {
  readonly key: string
  readonly found: string
  readonly expected: string
  /** What may happen because of it; null: only tidiness. */
  readonly why: string | null
}

/** What a person asked for; what is undefined stays as it is. */
export interface WantedStreams {
  readonly replicas: number | undefined
  readonly keepMs: number | undefined
}

const msToNs = 1_000_000
const defaultReplicas = 3
const defaultKeepMs = 30 * 86_400_000

/** What the server fills in where the settings of a stream say nothing. */
const usual: Partial<StreamConfig> = {
  ...{ max_msgs: -1, max_bytes: -1, max_age: 0, max_msgs_per_subject: -1, max_msg_size: -1 },
  ...{ discard_new_per_subject: false, deny_delete: false, deny_purge: false, sealed: false },
}

/** How a stream should be. `found` is how it is; undefined: it is missing. */
export function expectedStream(
  names: FleetNames,
  name: string,
  found: StreamConfig | undefined,
  { replicas, keepMs }: WantedStreams,
): ReturnType<typeof fleetStreams>[number] {
  const kept = found === undefined || found.max_age === 0 ? defaultKeepMs : found.max_age / msToNs
  const options = {
    replicas: replicas ?? found?.num_replicas ?? defaultReplicas,
    keepMs: keepMs ?? kept,
  }
  const stream = fleetStreams(names, options).find((each) => each.name === name)
  if (stream === undefined) throw new Error(`no stream ${name}`)
  return stream
}

/** How a stream differs from what it should be. */
export function differencesOf(
  found: StreamConfig,
  expected: ReturnType<typeof fleetStreams>[number],
): Difference[] {
  const wanted: Partial<StreamConfig> = { ...usual, ...expected }
  const keys = Object.keys(wanted) as (keyof StreamConfig)[]
  return keys.flatMap((key) => {
    const [is, should] = [found[key] ?? usual[key], wanted[key]]
    if (JSON.stringify(is) === JSON.stringify(should)) return []
    const isClaims = expected.discard_new_per_subject === true
    const why = (isClaims ? claimDangers[key] : undefined) ?? dangers[key] ?? null
    return [{ key, found: shown(key, is), expected: shown(key, should), why }]
  })
}

const claimDangers: Partial<Record<keyof StreamConfig, string>> = {
  discard: 'a full stream drops old claims, and their slots can start again',
  discard_new_per_subject: 'a claim can be overwritten, and its slot can start twice',
  max_msgs_per_subject: 'a claim can be overwritten, and its slot can start twice',
  max_age: 'a claim that goes too soon lets its slot start again',
  deny_delete: 'somebody can delete a claim, and its slot can start again',
  deny_purge: 'somebody can delete claims, and their slots can start again',
}

const dangers: Partial<Record<keyof StreamConfig, string>> = {
  storage: 'what is only in memory is gone after a restart of the servers',
  allow_direct: 'a read may come from a server that does not know the last message yet',
  max_age: 'messages go sooner or later than torch expects',
  max_msgs: 'places or rows go missing when the limit is reached',
  max_bytes: 'messages go missing when the limit is reached, or the disk fills up',
  subjects: 'the stream misses messages of torch, or takes those of others',
  sealed: 'the stream takes no messages at all',
}

function shown(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(' ')
  if (typeof value !== 'number') return String(value)
  if (value <= 0 && key.startsWith('max_')) return 'no limit'
  if (key === 'max_age') return formatDuration(value / msToNs)
  return key === 'max_bytes' || key === 'max_msg_size' ? sizeText(value) : String(value)
}
