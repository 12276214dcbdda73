import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'

/** What tasks or runs got, also if some of them did not get all of it. */
export interface Delivery {
  readonly sent: readonly Sent[]
  /** The same for people. */
  readonly words: readonly string[]
  /** What went wrong. */
  readonly errors: readonly unknown[]
}

/** What one of them got: an element of `--json`. */
export interface Sent {
  readonly task: string
  /** null for a queue. */
  readonly run: string | null
  readonly lines: number
  /** The ids of the messages; null for a run. */
  readonly message: readonly string[] | null
}

/** Calls `act` for the lines as they come, until it returns false. Returns what made this impossible. */
export async function eachBatch(
  batches: AsyncIterable<readonly Buffer[]>,
  act: (lines: readonly Buffer[]) => Promise<boolean>,
): Promise<readonly unknown[]> {
  try {
    for await (const lines of batches) if (!(await act(lines))) break
    return []
  } catch (error) {
    return [error]
  }
}

/** Shows all that was sent, then throws the first error, if there is one. */
export async function showDeliveries(
  { terminal }: Call,
  { json }: Values,
  deliveries: readonly Delivery[],
): Promise<void> {
  if (json) {
    const all = deliveries.flatMap(({ sent }) => sent)
    await terminal.say(JSON.stringify(all, null, 2))
  } else {
    for (const line of deliveries.flatMap(({ words }) => words)) await terminal.say(line)
  }
  const errors = deliveries.flatMap((each) => each.errors)
  if (errors.length > 0) throw errors[0]
}
