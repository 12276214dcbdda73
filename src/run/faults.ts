import { messageOf } from '../errors.ts'
import type { Clock } from '../host/clock.ts'

/**
 * Handles what the machine refuses for a while: no space, no descriptors, a folder that is gone. Each
 * kind of fault is reported once when it begins and once when it is over, however often it happens.
 * The kind is named by what was tried, as in "write slots".
 */
export interface Faults {
  /**
   * Tries something once; returns whether it worked. If it is tried for several `subjects`, the fault is
   * over when it works for all of them.
   */
  attempt(what: string, act: () => void, subject?: string): boolean
  /** The same for an action that is asynchronous. */
  attemptAsync(what: string, act: () => Promise<void>): Promise<void>
  /** Tries something now, and again each second until it works: for what must not be lost. */
  insist(what: string, act: () => void): void
  /** What could not be done and is not over yet, the oldest first. */
  current(): { readonly message: string; readonly sinceMs: number }[]
  /** Tries once more everything that is insisted on. After this, nothing is tried again. */
  close(): void
}

const retryMs = 1_000
/** The most actions that are tried at once: a few milliseconds if a disk refuses all of them. */
const maxTriesAtOnce = 200
/** The most actions of one kind that are kept to be tried again, some 20 MB. Others are tried once. */
const maxKept = 100_000

interface Fault {
  readonly message: string
  readonly sinceMs: number
  /** The subjects for which it failed last. */
  readonly failing: Set<string>
  /** The actions to try again. */
  kept: (() => void)[]
}

/** `report` gets a message for the log, and whether the fault is over. */
export function newFaults(
  clock: Clock,
  report: (message: string, isOver: boolean) => void,
): Faults {
  const { faults, failed, worked, endIfOver } = newRegister(clock, report)
  let cancel: (() => void) | undefined
  let isClosed = false

  function retryAll(): void {
    cancel = undefined
    for (const [what, fault] of faults) {
      const some = fault.kept.splice(0, maxTriesAtOnce)
      fault.kept.push(...some.filter((act) => !succeeds(act)))
      endIfOver(what, fault)
    }
    retryLater()
  }

  function retryLater(): void {
    const isNeeded = [...faults.values()].some(({ kept }) => kept.length > 0)
    if (isNeeded && !isClosed) cancel ??= clock.after(retryMs, retryAll)
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
    async attemptAsync(what, act) {
      try {
        await act()
      } catch (error) {
        failed(what, error).failing.add('')
        return
      }
      worked(what, '')
    },
    insist(what, act) {
      try {
        act()
      } catch (error) {
        const { kept } = failed(what, error)
        if (kept.length < maxKept) kept.push(act)
        retryLater()
      }
    },
    current: () => [...faults.values()].map(({ message, sinceMs }) => ({ message, sinceMs })),
    close() {
      isClosed = true
      cancel?.()
      retryAll()
    },
  }
}

/** The current faults by kind. Reports a fault when it is entered and when it is removed. */
function newRegister(clock: Clock, report: (message: string, isOver: boolean) => void) {
  const faults = new Map<string, Fault>()

  function endIfOver(what: string, fault: Fault): void {
    if (fault.failing.size > 0 || fault.kept.length > 0) return
    faults.delete(what)
    report(`could ${what} again`, true)
  }

  return {
    faults,
    endIfOver,
    failed(what: string, error: unknown): Fault {
      const known = faults.get(what)
      if (known !== undefined) return known
      const message = `could not ${what}: ${messageOf(error)}`
      const fault = { message, sinceMs: clock.now(), failing: new Set<string>(), kept: [] }
      faults.set(what, fault)
      report(message, false)
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
