/** A tasks file larger than this is not read at all. */
export const maxFileBytes = 10_000_000

/** Maps and lists within each other; the parser of YAML is recursive, and would use up the stack. */
export const maxDepth = 64

/** What aliases may bring in, in values of all kinds: an alias bomb doubles this with every line. */
export const maxAliasedValues = 1_000_000

/** Problems told of one file; a broken generator makes the same mistake a hundred thousand times. */
export const maxProblems = 1_000

/** Errors of YAML itself told of one file: one broken line makes many below it look broken. */
export const maxYamlProblems = 20

/** Of a larger text the first so many characters are read first, then so many times as many. */
export const firstHeadChars = 100_000
export const headGrowth = 4

/** Lines longer than this (JSON without line breaks) are not shown with a problem. */
export const maxSourceChars = 10_000

/** Task names become names of directories. */
export const maxNameChars = 100

/** execve(2) takes at most 128 KiB an argument; a character takes at most three bytes. */
export const maxTextChars = 32_768

/** Guesses of what was meant, told of one file: each compares a word with all that it could be. */
export const maxGuesses = 100

/** About so many tasks are read at once from a large text: the pieces stay small enough for the heap. */
export const tasksPerPiece = 64
