/** A tasks file before it is text: what is said, and in which order. */
export interface Draft {
  /** Comments above everything. */
  readonly header: readonly string[]
  readonly timezone: DraftKey | undefined
  readonly defaults: readonly DraftKey[]
  readonly body: readonly DraftPart[]
}

export interface DraftKey {
  readonly key: string
  readonly value: DraftValue
  /** Above it, each with its `#`. */
  readonly comments?: readonly string[]
}

/** A list is written on one line, a map below its key. */
export type DraftValue = string | number | readonly string[] | DraftMap

interface DraftMap {
  readonly pairs: readonly DraftKey[]
}

export type DraftPart =
  | { readonly kind: 'blank' }
  | { readonly kind: 'comments'; readonly comments: readonly string[] }
  | { readonly kind: 'task'; readonly name: string; readonly keys: DraftMap['pairs'] }
