/** What the history says about the end of a run. */
interface End {
  readonly outcome: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason?: string | null | undefined
}

/**
 * How a run ended, without the reason: `ok`, `failed 3`, `killed SIGTERM`, `killed SIGTERM, exit code 0`. A
 * server whose place another one took has not failed: it is `replaced`.
 */
export function howItEnded(end: End): string {
  const { outcome, exitCode, signal, reason } = end
  const word = isReplaced(end) ? 'replaced' : outcome
  // torch itself sent TERM, and 0 is what a good server then exits with.
  const isUsual = (isReplaced(end) || reason === 'not ready') && signal !== null
  const shownSignal = isUsual && signal === 'SIGTERM' ? null : signal
  const code = outcome === 'ok' || (isUsual && exitCode === 0) ? null : exitCode
  // A command that gets a signal may still end with a status of its own.
  const what = signal !== null && code !== null ? `exit code ${code}` : code
  const parts = [shownSignal, what].filter((each) => each !== null)
  return parts.length === 0 ? word : `${word} ${parts.join(', ')}`
}

/** Whether torch ended a run because the tasks file or the script of its daemon task has changed. */
export function isReplaced({ outcome, reason }: Pick<End, 'outcome' | 'reason'>): boolean {
  return outcome === 'killed' && reason === 'reload'
}
