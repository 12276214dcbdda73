/** One thing wrong (or doubtful) in a tasks file. The JSON shape of `torch validate --json`. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1; null where the problem is of the file as a whole. */
  readonly line: number | null
  /** From 1, in characters. */
  readonly column: number | null
  /** Dotted path of the key, `tasks.backup.max`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  /** What to try, without a full stop: `did you mean "command"?` */
  readonly hint: string | null
  /** The line of the file, for the caret; null where there is none. */
  readonly source: string | null
}
