export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** IANA name of the machine's own time zone. */
  zone(): string
  /** The variable TZ if it is not a time zone, so that zone() is UTC; otherwise undefined. */
  ignoredZone(): string | undefined
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
  zone: () => zoneNow().zone,
  ignoredZone: () => zoneNow().ignored,
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

interface MachineZone {
  readonly variable: string | undefined
  readonly zone: string
  readonly ignored?: string
}
let known: MachineZone | undefined

/** Every time that is shown needs the zone, and Intl is slow, so the answer for each TZ is kept. */
function zoneNow(): MachineZone {
  const variable = process.env['TZ']
  if (known === undefined || known.variable !== variable) known = zoneOf(variable)
  return known
}

/**
 * For a TZ that is not a zone name Node reports undefined, `Etc/Unknown` or UTC. If it is the path of a
 * zone file, Node follows it all the same. Anything else counts as UTC, as in the C library (tzset(3)).
 */
function zoneOf(variable: string | undefined): MachineZone {
  const { timeZone = '' } = Intl.DateTimeFormat().resolvedOptions() as { timeZone?: string }
  if (variable === undefined) return { variable, zone: timeZone === '' ? 'UTC' : timeZone }
  const name = variable.replace(/^:?(?:\/usr\/share\/zoneinfo\/)?/, '')
  if (/^(?:(?:etc\/)?(?:utc|uct|gmt|zulu|universal|greenwich)[+-]?0?)?$/i.test(name))
    return { variable, zone: 'UTC' }
  if (abbreviation.test(name)) return { variable, zone: 'UTC', ignored: variable }
  if (timeZone !== '' && timeZone !== 'Etc/Unknown' && timeZone !== 'UTC')
    return { variable, zone: timeZone }
  const isPath = name.length < variable.length - 1
  if (isPath && isKnown(name)) return { variable, zone: name }
  return { variable, zone: 'UTC', ignored: variable }
}

/** Node takes these for zones: BST is Asia/Dhaka. No other program does, and TZ=BST means UTC there. */
const abbreviation =
  /^(?:ACT|AET|AGT|ART|AST|BET|BST|CAT|CNT|CST|CTT|EAT|ECT|IET|IST|JST|MIT|NET|NST|PLT|PNT|PRT|PST|SST|VST)$/i

function isKnown(name: string): boolean {
  try {
    void new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Settles after this many milliseconds of the clock. */
export function pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve)
  })
}

/** A pause that an event can end early. */
export interface Sleep {
  /** Settles after this many milliseconds, or at the next wake(); at once if that came before. */
  sleep(ms: number): Promise<void>
  wake(): void
}

export function newSleep(clock: Pick<Clock, 'after'>): Sleep {
  let isAwake = false
  let end = (): void => {}
  return {
    async sleep(ms) {
      if (!isAwake)
        await new Promise<void>((resolve) => {
          const cancel = clock.after(ms, resolve)
          end = () => {
            cancel()
            resolve()
          }
        })
      isAwake = false
      end = () => {}
    },
    wake() {
      isAwake = true
      end()
    },
  }
}
