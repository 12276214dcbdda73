import type { Hint } from '../../plan/fleet/hints.ts'
import type { ClaimKey, PlaceKey } from '../../plan/fleet/records.ts'

/*
 * The names in the engine. A task name may contain dots, which separate the parts of a subject; it never contains
 * a slash, so a slash stands for a dot.
 */

/** The names of one fleet's streams and subjects. */
export interface FleetNames {
  readonly claims: string
  readonly places: string
  readonly rows: string
  readonly prefix: string
}

/** The names for a fleet: its name has only letters, digits and hyphens. */
export function fleetNames(fleet: string): FleetNames {
  const stream = `TORCH_${fleet}`
  return {
    claims: `${stream}_CLAIMS`,
    places: `${stream}_PLACES`,
    rows: `${stream}_ROWS`,
    prefix: `torch.${fleet}`,
  }
}

/** The subject of a claim: the first try has no number. */
export function claimSubject(names: FleetNames, { task, slot, tryNumber }: ClaimKey): string {
  const first = `${names.prefix}.claim.${token(task)}.${slot}`
  return tryNumber === 1 ? first : `${first}.${tryNumber}`
}

/** The subject of a place. */
export function placeSubject(names: FleetNames, { task, index }: PlaceKey): string {
  return `${names.prefix}.place.${token(task)}.${index}`
}

/** The subject of a row of the history. */
export function rowSubject({ prefix }: FleetNames, host: string, task: string): string {
  return `${prefix}.row.${token(host)}.${token(task)}`
}

/** The subjects of rows that may be meant: those of one machine or task, where only one is. */
export function rowFilter(
  { prefix }: FleetNames,
  {
    hosts,
    tasks,
  }: { hosts?: readonly string[] | undefined; tasks?: readonly string[] | undefined },
): string {
  const parts = [hosts, tasks].map((names) => (names?.length === 1 ? token(names[0] ?? '') : '*'))
  return `${prefix}.row.${parts.join('.')}`
}

/** The machine of a row, by its subject. */
export function hostOfRow({ prefix }: FleetNames, subject: string): string {
  return (subject.slice(prefix.length).split('.')[2] ?? '').replaceAll('/', '.')
}

/** Whether a subject is one for answers. Who asks names it: it must not be a command to a third machine. */
export function isInbox({ prefix }: FleetNames, subject: string | undefined): subject is string {
  return subject?.startsWith(`${prefix}.re.`) === true
}

/** The subjects on which a machine, or a person, gets the answers to its own questions. */
export function inboxPrefix({ name, host }: { name: string; host: string }): string {
  return `${fleetNames(name).prefix}.re.${token(host)}`
}

/** A name of a task or machine as one part of a subject. */
export function token(name: string): string {
  return name.replaceAll('.', '/')
}

/** The subject on which a hint is told. */
export function hintSubject({ prefix }: FleetNames, hint: Hint): string {
  switch (hint.kind) {
    case 'heartbeat':
      return `${prefix}.hb.${token(hint.beat.host)}`
    case 'won':
      return `${prefix}.won.${token(hint.task)}`
    case 'free':
      return `${prefix}.free.${token(hint.task)}`
  }
}

/** The subject on which a machine is asked. */
export function askSubject({ prefix }: FleetNames, host: string): string {
  return `${prefix}.ask.${token(host)}`
}

/** The subjects on which hints are heard. */
export function hintSubjects({ prefix }: FleetNames): readonly string[] {
  return ['hb', 'won', 'free'].map((kind) => `${prefix}.${kind}.*`)
}
