import { hash32 } from '../../../src/text/hash.ts'
import { tasksPerPiece } from '../../../src/tasks/file/limits.ts'

const names = Array.from({ length: 2000 }, (_, at) => `task-${at}`)
const begins = (name: string): boolean => hash32(name) % tasksPerPiece === 0

/** Names with which a piece begins. */
export const opening = names.filter(begins) as [string, string, ...string[]]

/** A name with which none begins. */
export const other = names.find((name) => !begins(name)) ?? ''
