/*
 * The section `fleet` of a config file, checked. It has the names of files with secrets and never a secret,
 * because a daemon passes its settings on to the next one.
 */

/** What a machine does when others ask for it. */
export const acceptable = ['run', 'kill', 'reload'] as const
/** Which rows of plain tasks a machine adds to the history of the fleet. */
export const shares = ['none', 'problems', 'all'] as const

/** How a machine takes part in a fleet. All paths are absolute. */
export interface FleetSettings {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string
  /** URLs with the scheme nats or tls, at least one. */
  readonly servers: readonly string[]
  readonly login: FleetLogin
  readonly tls: FleetTls | undefined
  /** The name of this machine in the fleet. */
  readonly host: string
  readonly accept: readonly (typeof acceptable)[number][]
  readonly share: (typeof shares)[number]
  /** The monitoring URL of a server, for torch doctor. */
  readonly monitor: string | undefined
}

/** How a machine proves who it is. */
export type FleetLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly user: string; readonly file: string }
  /** A token, a credentials file of NATS, or the seed of an nkey. */
  | { readonly kind: 'token' | 'creds' | 'nkey'; readonly file: string }

/** Files in PEM. Even an empty section means: never without TLS. */
export interface FleetTls {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}
