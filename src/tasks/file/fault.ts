import type { Path } from './key-path.ts'

/** Something wrong in one text, by offset: what becomes a Problem once file and line are known. */
export interface Fault {
  readonly path: Path
  readonly offset: number
  readonly message: string
  readonly hint: string | null
  /** Against YAML itself: whatever else is wrong in the same line is a consequence. */
  readonly syntax: boolean
}
