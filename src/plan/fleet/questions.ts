/** What a machine asks another one. It changes nothing there. */
export type Question =
  /** The definitions of the tasks that the fleet shares, as `Definitions`. */
  { readonly kind: 'defs' }

/** The digest of each task that the fleet shares, by its name, as one machine has it. */
export type Definitions = Readonly<Record<string, string>>

/** The answer of a machine. It may come from another version of torch, so whoever asked checks it. */
export type Reply =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'silent'; readonly words: string }

/** Reads the answer to `defs`; undefined if it is none. */
export function definitionsOf(value: unknown): Definitions | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.fromEntries(
    Object.entries(value).filter((each): each is [string, string] => typeof each[1] === 'string'),
  )
}
