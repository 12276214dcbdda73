export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** IANA name of the machine's own time zone. */
  zone(): string
  /** Milliseconds of CLOCK_MONOTONIC, which nobody can set. */
  monotonic(): number
  /** Calls back once after this many milliseconds. Returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Settles after the event loop has handled everything that is due. */
  turn(): Promise<void>
}

/** setTimeout cannot wait longer than this; a longer wait is made of several. */
const maxTimerMs = 2 ** 31 - 1

/** The clocks of the machine. Nothing else in torch reads the time or sets a timer. */
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

/** Every time that is shown needs the zone, and Intl is slow, so the answer for each TZ is kept. */
function zone(): string {
  const variable = process.env['TZ']
  if (known === undefined || known.variable !== variable)
    known = { variable, zone: zoneOf(variable) }
  return known.zone
}

/**
 * For a TZ that is not a zone name Node reports undefined or `Etc/Unknown`. If it is the path of a zone
 * file, Node follows it all the same. Anything else counts as UTC, as in the C library (tzset(3)).
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
