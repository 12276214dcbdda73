/**
 * What a daemon may still do with its home:
 * - `running`: everything
 * - `draining`: it stops; nothing starts any more
 * - `leaving`: it stops and leaves its runs, and every start that is still pending, to the next daemon
 * - `gone`: the home may belong to another daemon; nothing is written and no run is touched any more
 */
type PhaseName = 'running' | 'draining' | 'leaving' | 'gone'

const allowedNext: Readonly<Record<PhaseName, readonly PhaseName[]>> = {
  running: ['draining', 'leaving', 'gone'],
  draining: ['leaving', 'gone'],
  leaving: ['gone'],
  gone: [],
}

export interface Phase {
  readonly now: PhaseName
  /** Throws if the table does not allow it: that is a programming error. */
  enter(next: PhaseName): void
}

/** The phase of a daemon that has just started. */
export function newPhase(): Phase {
  let now: PhaseName = 'running'
  return {
    get now() {
      return now
    },
    enter(next) {
      if (!allowedNext[now].includes(next))
        throw new Error(`a daemon that is ${now} cannot become ${next}`)
      now = next
    },
  }
}
