/** Something that a reviewer of a tasks file wants to know, though the file is valid. */
export interface Warning {
  readonly kind: 'nowhere' | 'never' | 'herd' | 'fleet' | 'gap' | 'overlap' | 'timeout'
  /** By their names, in the order of the file. */
  readonly tasks: readonly string[]
  /** What is so with these tasks; without a full stop. */
  readonly message: string
  /** What to try. */
  readonly hint: string
}
