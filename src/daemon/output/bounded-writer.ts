import type { Clock } from '../../host/clock.ts'
import type { OpenStandardOutput } from '../../host/standard-output.ts'

/** Writes lines to a reader that may be slow, or gone. */
export interface BoundedWriter {
  /**
   * Writes this text of so many lines, or counts the lines if the reader has not read for too long: then the text is
   * not made. Settles when more may come.
   */
  put(lines: number, textOf: () => string): Promise<void>
  end(): Promise<void>
}

interface WriterParts {
  readonly clock: Clock
  readonly open: OpenStandardOutput
  /** The line that says how many are left out. */
  readonly droppedLine: (count: number) => string
  readonly onGone: (why: string) => void
}

/** How long a reader may take before lines are left out. A reader that is only slower than a burst loses none. */
const maxWaitMs = 1_000

/**
 * - open: there is room
 * - full: the next lines wait until there is, but not for long
 * - dropping: lines are counted until there is room again
 * - gone: nobody reads any more
 */
type State =
  | { readonly kind: 'open' | 'full' | 'gone' }
  | { readonly kind: 'dropping'; readonly count: number }

export function newBoundedWriter({ clock, open, droppedLine, onGone }: WriterParts): BoundedWriter {
  let state: State = { kind: 'open' }
  let wake = (): void => {}
  const output = open({
    onRoom() {
      const before = state
      if (before.kind === 'gone') return
      state = { kind: 'open' }
      if (before.kind === 'dropping') write(droppedLine(before.count))
      wake()
    },
    onGone(why) {
      state = { kind: 'gone' }
      wake()
      onGone(why)
    },
  })

  function write(text: string): void {
    if (output.write(text) === 'full') state = { kind: 'full' }
  }

  return {
    async put(lines, textOf) {
      if (lines === 0) return
      if (state.kind === 'full') {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(maxWaitMs, resolve)
          wake = () => {
            cancel()
            resolve()
          }
        })
        wake = () => {}
      }
      const now: State = state
      if (now.kind === 'open') write(textOf())
      else if (now.kind !== 'gone') state = { kind: 'dropping', count: lines + countOf(now) }
    },
    end() {
      if (state.kind === 'dropping') output.write(droppedLine(state.count))
      return output.end()
    },
  }
}

function countOf(state: State): number {
  return state.kind === 'dropping' ? state.count : 0
}
