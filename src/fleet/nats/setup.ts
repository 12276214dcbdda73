import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { messageOf } from '../../errors.ts'
import {
  type Difference,
  differencesOf,
  expectedStream,
  type WantedStreams,
} from './compare-streams.ts'
import type { FleetNames } from './subjects.ts'

/** One stream of the fleet, as the servers have it. */
export interface StreamReport {
  readonly name: string
  readonly state: 'ok' | 'differs' | 'missing' | 'unknown'
  /** On how many servers it is, and on how many of these it is complete. */
  readonly copies: number | null
  readonly complete: number | null
  /** The server that leads it; null: none does, or there is only one server. */
  readonly leader: string | null
  readonly messages: number | null
  readonly differences: readonly Difference[]
  /** Why its state is unknown. */
  readonly words: string | null
}

/** What `torch fleet init` did about a stream. */
export type StreamResult = StreamReport & {
  readonly did: 'made' | 'changed' | 'nothing' | 'failed'
}

/** Looks at the streams. A host has the right to do it. */
export async function lookAtStreams(
  manager: JetStreamManager,
  names: FleetNames,
  wanted: WantedStreams,
): Promise<StreamReport[]> {
  const reports: StreamReport[] = []
  for (const name of [names.claims, names.places, names.rows])
    reports.push(await lookAt(manager, names, name, wanted))
  return reports
}

async function lookAt(
  manager: JetStreamManager,
  names: FleetNames,
  name: string,
  wanted: WantedStreams,
): Promise<StreamReport> {
  try {
    const info = await manager.streams.info(name)
    const expected = expectedStream(names, name, info.config, wanted)
    return reportOf(info, differencesOf(info.config, expected))
  } catch (error) {
    const isMissing = codeOf(error) === noStream
    const nothing = { copies: null, complete: null, leader: null, messages: null, differences: [] }
    return isMissing
      ? { name, state: 'missing', ...nothing, words: null }
      : { name, state: 'unknown', ...nothing, words: failureWords(error) }
  }
}

function reportOf(info: StreamInfo, differences: readonly Difference[]): StreamReport {
  const others = info.cluster?.replicas ?? []
  return {
    name: info.config.name,
    state: differences.length === 0 ? 'ok' : 'differs',
    copies: info.config.num_replicas,
    complete: 1 + others.filter(({ current, offline }) => current && !offline).length,
    leader: info.cluster?.leader ?? null,
    messages: info.state.messages,
    differences,
    words: null,
  }
}

/**
 * Makes the streams that are missing. Those that differ stay as they are without `force`; with it their settings
 * change, and messages over the new limits go. It never deletes a stream.
 */
export async function setUpStreams(
  manager: JetStreamManager,
  names: FleetNames,
  wanted: WantedStreams,
  force: boolean,
): Promise<StreamResult[]> {
  const results: StreamResult[] = []
  const reports = await lookAtStreams(manager, names, wanted)
  // A stream that is missing gets as many copies as the others have.
  const copies = reports.find((report) => report.copies !== null)?.copies ?? undefined
  const filled = { ...wanted, replicas: wanted.replicas ?? copies }
  for (const report of reports) {
    const isDue = report.state === 'missing' || (report.state === 'differs' && force)
    const as = report.state === 'missing' ? filled : wanted
    results.push(isDue ? await setUp(manager, names, as, report) : settled(report))
  }
  return results
}

function settled(report: StreamReport): StreamResult {
  return { ...report, did: report.state === 'ok' ? 'nothing' : 'failed' }
}

async function setUp(
  manager: JetStreamManager,
  names: FleetNames,
  wanted: WantedStreams,
  report: StreamReport,
): Promise<StreamResult> {
  const { name } = report
  try {
    if (report.state === 'missing') {
      await manager.streams.add(expectedStream(names, name, undefined, wanted))
      return { ...(await lookAt(manager, names, name, wanted)), did: 'made' }
    }
    const { config } = await manager.streams.info(name)
    const stream = expectedStream(names, name, config, wanted)
    await manager.streams.update(name, withLimits(stream))
    return { ...(await lookAt(manager, names, name, wanted)), did: 'changed' }
  } catch (error) {
    return { ...report, did: 'failed', words: failureWords(error) }
  }
}

/** An update leaves what it does not name. */
function withLimits(stream: ReturnType<typeof expectedStream>): Partial<StreamConfig> {
  const none = { max_msgs: -1, max_bytes: -1, max_age: 0, max_msgs_per_subject: -1 }
  return { ...none, ...stream }
}

const noStream = 10059

function failureWords(error: unknown): string {
  const words = messageOf(error)
  if (words.startsWith('Permissions Violation')) return `this user has no right to it: ${words}`
  switch (error instanceof Error ? error.name : '') {
    case 'TimeoutError':
      return 'no answer in time: the servers may have no leader yet'
    case 'JetStreamNotEnabled':
      return 'JetStream does not answer: it is off on the servers, or they have no leader yet'
  }
  // 10074 of a single server, and 10005 of a cluster with too few servers.
  return /replicas > 1|no suitable peers|insufficient resources/.test(words)
    ? `${words}: for a single server use --replicas 1, which stands still while that server is down`
    : words
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : 0
}
