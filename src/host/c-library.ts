import { createRequire } from 'node:module'
import { quietly } from './system-error.ts'

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

/** Of GNU, and of musl, which has the name of the machine in its own. */
const libraries = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

/**
 * The C library, called by the library koffi. Loaded on first use, because few commands need it. Throws
 * if koffi is missing, or the library is neither that of GNU nor musl.
 */
export function openCLibrary(): CLibrary {
  if (opened !== undefined) return opened
  const koffi = createRequire(import.meta.url)('koffi') as Koffi
  const library = loadFirst(koffi, libraries)
  opened = { func: (prototype) => library.func(prototype), errno: () => koffi.errno() }
  return opened
}

/** Throws the error of the first one if there is none of them. */
function loadFirst(koffi: Koffi, [name = '', ...others]: readonly string[]) {
  try {
    return koffi.load(name)
  } catch (error) {
    for (const other of others) {
      const library = quietly(() => koffi.load(other))
      if (library !== undefined) return library
    }
    throw error
  }
}
