import { createRequire } from 'node:module'

/** The C library of this machine, for what Node does not offer. */
export interface CLibrary {
  /** Declares a function by its prototype in C. */
  func(prototype: string): (...words: unknown[]) => number
  /** The errno of the last call. */
  errno(): number
}

/** The part of koffi that torch uses. */
interface Koffi {
  load(library: string): Pick<CLibrary, 'func'>
  errno(): number
}

let opened: CLibrary | undefined

/**
 * The C library, called by the library koffi. Loaded on first use, because few commands need it. Throws
 * if koffi is missing, or the library is another one than that of GNU.
 */
export function openCLibrary(): CLibrary {
  if (opened !== undefined) return opened
  const koffi = createRequire(import.meta.url)('koffi') as Koffi
  const library = koffi.load('libc.so.6')
  opened = { func: (prototype) => library.func(prototype), errno: () => koffi.errno() }
  return opened
}
