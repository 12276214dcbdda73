export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** IANA name of the machine's own time zone. */
  zone(): string
  /** Milliseconds of CLOCK_MONOTONIC, which is never set. */
  monotonic(): number
  /** Calls back once after that many milliseconds; returns what cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Settles after all that is due by now has had its turn. */
  turn(): Promise<void>
}

/** setTimeout takes at most this; longer waits are made of several. */
const maxTimerMs = 2 ** 31 - 1

/** The machine's clocks. The only place that reads the time or sets a timer. */
export const wallClock: Clock = {
  now: () => Date.now(),
  zone,
  monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  after(ms, callback) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const part = Math.min(Math.max(left, 0), maxTimerMs)
      timer = setTimeout(() => (left > part ? arm(left - part) : callback()), part)
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
  turn: () =>
    new Promise((resolve) => {
      setImmediate(resolve)
    }),
}

let known: { readonly variable: string | undefined; readonly zone: string } | undefined

/** Asked for each time that is shown, and Intl takes its time: it is asked once for each TZ. */
function zone(): string {
  const variable = process.env['TZ']
  if (known === undefined || known.variable !== variable)
    known = { variable, zone: zoneOf(variable) }
  return known.zone
}

/**
 * Node gives undefined or `Etc/Unknown` for a TZ that it does not know by name, although it goes by
 * the file that a path in it names; it takes all else for UTC, as the C library does (tzset(3)).
 */
function zoneOf(variable: string | undefined): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions() as { timeZone?: string }
  if (timeZone !== undefined && timeZone !== 'Etc/Unknown') return timeZone
  const name = /^:?\/usr\/share\/zoneinfo\/(.+)$/.exec(variable ?? '')?.[1]
  return name !== undefined && isKnown(name) ? name : 'UTC'
}

function isKnown(name: string): boolean {
  try {
    void new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
