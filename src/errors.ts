/** Exit statuses of the `torch` command. 0 is success. */
export const exitStatus = { done: 0, failed: 1, usage: 2, noDaemon: 3 } as const

/**
 * An error that a person can meet: one line that says what happened and where, one that says
 * what to try. Everything else that is thrown is a programming error and may show its stack.
 */
export class TorchError extends Error {
  readonly code: string
  readonly exit: number
  readonly hint: string | undefined
  /** Lines that are shown before: each problem of a tasks file. */
  readonly details: readonly string[]

  constructor(
    code: string,
    message: string,
    options: { exit?: number; hint?: string; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'TorchError'
    this.code = code
    this.exit = options.exit ?? exitStatus.failed
    this.hint = options.hint
    this.details = options.details ?? []
  }
}

/** The words of anything that was thrown: its message, or itself as text. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
