import type { StreamConfig } from '@nats-io/jetstream'
import type { FleetNames } from './subjects.ts'

/** How `torch fleet init` makes the streams of a fleet. */
export interface StreamOptions {
  /** On how many servers each message is: 1 or 3. */
  readonly replicas: number
  /** How long the rows of the history stay, in milliseconds. */
  readonly keepMs: number
}

type Stream = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>

/** How long a claim stays. It must outlast the latest moment at which somebody may try to get its slot. */
const claimMaxAgeMs = 48 * 3_600_000

/**
 * The streams of a fleet. A claim is stored once and never changed: the stream takes one message for each
 * subject, whatever a client forgets to ask for, and nobody can delete one. A full stream refuses, because
 * dropping an old claim would let its slot start again. Reads go to the leader.
 */
export function fleetStreams(
  names: FleetNames,
  { replicas, keepMs }: StreamOptions,
): readonly Stream[] {
  const all = { storage: 'file', num_replicas: replicas, allow_direct: false } as const
  return [
    {
      ...all,
      name: names.claims,
      subjects: [`${names.prefix}.claim.>`],
      retention: 'limits',
      discard: 'new',
      discard_new_per_subject: true,
      max_msgs_per_subject: 1,
      max_msgs: 1_000_000,
      max_msg_size: 4096,
      max_age: claimMaxAgeMs * 1_000_000,
      deny_delete: true,
      deny_purge: true,
    },
    {
      ...all,
      name: names.places,
      subjects: [`${names.prefix}.place.>`],
      retention: 'limits',
      discard: 'old',
      max_msgs_per_subject: 1,
      max_msg_size: 4096,
    },
    {
      ...all,
      name: names.rows,
      subjects: [`${names.prefix}.row.>`],
      retention: 'limits',
      discard: 'old',
      max_bytes: 256 * 1024 * 1024,
      max_age: keepMs * 1_000_000,
      max_msg_size: 65_536,
    },
  ]
}
