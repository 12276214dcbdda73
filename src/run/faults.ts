import { messageOf } from '../errors.ts'
import type { Clock } from '../host/clock.ts'

/**
 * What the machine refuses for a while: no room, no descriptors, a folder that is gone. Each kind is
 * told of once when it begins and once when it is over, however often it is met between.
 */
export interface Faults {
  /**
   * Does what may fail, as in "write slots"; of a kind that fails for some of several `subjects` it is
   * over when none fails. False where it failed.
   */
  attempt(what: string, act: () => void, subject?: string): boolean
  /** The same, and again each second until it works: for what must not be lost. */
  insist(what: string, act: () => void): void
  /** As attempt(), for what takes a while. */
  attemptAsync(what: string, act: () => Promise<void>): Promise<void>
  /** One last try of what is insisted on; after it there is none. */
  close(): void
}

/** The next try of what is insisted on. */
const retryMs = 1_000
/** So much is tried at a time: a few milliseconds where a disk refuses it all. */
const maxTriesAtOnce = 200
/** So much of a kind is insisted on at one time: what comes on top is tried once. Some 20 MB. */
const maxOwed = 100_000

interface Fault {
  readonly failing: Set<string>
  /** What is to be tried again. */
  owed: (() => void)[]
}

/** `say` gets the words for the log, and whether it is over. */
export function newFaults(clock: Clock, say: (words: string, isOver: boolean) => void): Faults {
  const { faults, failed, worked, endIfOver } = newRegister(say)
  let cancel: (() => void) | undefined
  let isClosed = false

  function retryAll(): void {
    cancel = undefined
    for (const [what, fault] of faults) {
      const some = fault.owed.splice(0, maxTriesAtOnce)
      fault.owed.push(...some.filter((act) => !succeeds(act)))
      endIfOver(what, fault)
    }
    arm()
  }

  function arm(): void {
    const isOwing = [...faults.values()].some(({ owed }) => owed.length > 0)
    if (isOwing && !isClosed) cancel ??= clock.after(retryMs, retryAll)
  }

  return {
    attempt(what, act, subject = '') {
      try {
        act()
      } catch (error) {
        failed(what, error).failing.add(subject)
        return false
      }
      worked(what, subject)
      return true
    },
    insist(what, act) {
      try {
        act()
      } catch (error) {
        const { owed } = failed(what, error)
        if (owed.length < maxOwed) owed.push(act)
        arm()
      }
    },
    async attemptAsync(what, act) {
      try {
        await act()
      } catch (error) {
        failed(what, error).failing.add('')
        return
      }
      worked(what, '')
    },
    close() {
      isClosed = true
      cancel?.()
      retryAll()
    },
  }
}

/** What fails at the moment, by its kind: told of when it is entered, and when it is struck out. */
function newRegister(say: (words: string, isOver: boolean) => void) {
  const faults = new Map<string, Fault>()

  function endIfOver(what: string, fault: Fault): void {
    if (fault.failing.size > 0 || fault.owed.length > 0) return
    faults.delete(what)
    say(`could ${what} again`, true)
  }

  return {
    faults,
    endIfOver,
    failed(what: string, error: unknown): Fault {
      const known = faults.get(what)
      if (known !== undefined) return known
      const fault = { failing: new Set<string>(), owed: [] }
      faults.set(what, fault)
      say(`could not ${what}: ${messageOf(error)}`, false)
      return fault
    },
    worked(what: string, subject: string): void {
      const fault = faults.get(what)
      if (fault === undefined) return
      fault.failing.delete(subject)
      endIfOver(what, fault)
    },
  }
}

function succeeds(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
