import { fleetNames, inboxPrefix, token } from './subjects.ts'

/** Who may use the engine. Each machine has a user of its own, so that none can speak for another. */
export type Role =
  | { readonly kind: 'host'; readonly host: string }
  /** People and programs that look, that also act, or that make the streams. */
  | { readonly kind: 'viewer' | 'operator' | 'setup' }

/** The names of the users that are not machines. */
export const people = ['operator', 'viewer', 'setup'] as const

/** The subjects that a role may publish to and hear; all others it may not. */
export interface Rights {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/**
 * The rights of a role. With a stolen key of a host somebody can look, and block slots and places, but not start
 * or end anything. Answers go to the inbox of who asked, so a host may publish to all inboxes. No role may make a
 * consumer: the server delivers its messages to any subject, also to one to which the maker may not publish.
 */
export function rightsOf(fleet: string, role: Role): Rights {
  const names = fleetNames(fleet)
  const at = (subject: string): string => `${names.prefix}.${subject}`
  const streams = [names.claims, names.places, names.rows]
  const inbox = (name: string): string => `${inboxPrefix({ name: fleet, host: name })}.>`
  switch (role.kind) {
    case 'host': {
      const own = token(role.host)
      return {
        publish: [
          ...['claim.>', 'place.>', `row.${own}.>`, `hb.${own}`, 'won.>', 'free.>'].map(at),
          ...['ask.>', 're.>', 'log.>', `ev.${own}`].map(at),
          ...streams.map((stream) => `$JS.API.STREAM.MSG.GET.${stream}`),
          ...streams.map((stream) => `$JS.API.STREAM.INFO.${stream}`),
        ],
        subscribe: [
          ...['hb.*', 'won.>', 'free.>', 'ask.all', `ask.${own}`, `do.${own}`].map(at),
          ...['log.>', 'ev.*'].map(at),
          inbox(role.host),
        ],
      }
    }
    case 'operator':
      return {
        publish: ['ask.>', 'do.>', 'log.>'].map(at),
        subscribe: [...['hb.*', 'log.>', 'ev.*'].map(at), inbox(role.kind)],
      }
    case 'viewer':
      return {
        publish: [at('ask.>')],
        subscribe: [...['hb.*', 'ev.*'].map(at), inbox(role.kind)],
      }
    case 'setup':
      return {
        publish: ['CREATE', 'UPDATE', 'INFO'].flatMap((verb) =>
          streams.map((stream) => `$JS.API.STREAM.${verb}.${stream}`),
        ),
        subscribe: [inbox(role.kind)],
      }
  }
}
