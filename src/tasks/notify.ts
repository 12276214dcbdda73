/** A value that others should not see: the text itself, or where to read it each time it is needed. */
export type Secret =
  | string
  /** Absolute. Its first line is the value. */
  | { readonly file: string }
  /** A variable of the daemon. */
  | { readonly env: string }

/** Where messages to people go. Plain data. */
export type Target = WebhookTarget | MailTarget | CommandTarget

export const webhookFormats = ['json', 'slack', 'teams', 'discord'] as const

export interface WebhookTarget {
  readonly kind: 'webhook'
  readonly name: string
  readonly url: Secret
  readonly format: (typeof webhookFormats)[number]
}

export interface MailTarget {
  readonly kind: 'mail'
  readonly name: string
  readonly to: readonly string[]
  /** null: torch@ and the name of the host. */
  readonly from: string | null
  /** A URL, smtp: or smtps:; null: by the program sendmail. */
  readonly smtp: Secret | null
  /** For the user in the URL. */
  readonly password: Secret | null
}

export interface CommandTarget {
  readonly kind: 'command'
  readonly name: string
  readonly command: readonly string[]
}

/** When a ping is sent. */
export const pingEvents = ['start', 'ok', 'failed'] as const
export type PingEvent = (typeof pingEvents)[number]

/** A URL that is asked when a run of a task starts or ends: a service that misses this raises the alarm. */
export interface PingTarget {
  readonly url: Secret
  /** `healthchecks`: /start and /fail are added to the path. `plain`: the URL as it is. */
  readonly form: 'healthchecks' | 'plain'
  readonly on: readonly PingEvent[]
}

/** A URL that the daemon asks regularly: a service that misses this raises the alarm. */
export interface Heartbeat {
  readonly url: Secret
  readonly everyMs: number
}

/** What a task can send a message about. */
export const taskEvents = [
  'failed',
  'recovered',
  'missed',
  'skipped',
  'late',
  'stuck',
  'no_success_for',
  'gave-up',
  'paused',
  'resumed',
] as const
export type TaskEvent = (typeof taskEvents)[number]

/** What is about the daemon, and not about a task. */
export const daemonEvents = ['refused', 'daemon-started-after-crash'] as const
export type DaemonEvent = (typeof daemonEvents)[number]

/** Who gets messages about a task, and about what. Durations in milliseconds. */
export interface TaskNotify {
  /** Names of targets; empty: nobody. */
  readonly to: readonly string[]
  readonly on: readonly (TaskEvent | DaemonEvent)[]
  /** A start is late when it has waited this long after its slot. */
  readonly lateAfterMs: number | undefined
  /** A run is stuck when it takes longer. */
  readonly stuckAfterMs: number | undefined
  /** The longest time without a run that ends `ok`. */
  readonly noSuccessForMs: number | undefined
  /** When a message about the same trouble is sent again. */
  readonly repeatMs: number
}

/** What a tasks file says about messages, apart from its tasks. */
export interface FileNotify {
  /** In the order of the file. */
  readonly targets: readonly Target[]
  /** Messages that are about no task: the `notify` of the defaults. */
  readonly daemon: TaskNotify
  readonly heartbeat: Heartbeat | undefined
  /** Where people find the page of this machine, without a `/` at its end. */
  readonly webUrl: string | undefined
}

const dayMs = 24 * 3600 * 1000

/** Only for who asks for it. */
const unusualEvents: readonly string[] = ['skipped', 'paused', 'resumed']

/** A task without `notify`. */
export const noNotify: TaskNotify = {
  to: [],
  on: [...taskEvents, ...daemonEvents].filter((event) => !unusualEvents.includes(event)),
  lateAfterMs: undefined,
  stuckAfterMs: undefined,
  noSuccessForMs: undefined,
  repeatMs: dayMs,
}

/** A file that says nothing about messages. */
export const noFileNotify: FileNotify = {
  targets: [],
  daemon: noNotify,
  heartbeat: undefined,
  webUrl: undefined,
}
