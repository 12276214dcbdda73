import { maxNameChars } from '../tasks/file/limits.ts'
import { programOf } from './program.ts'

/** Gives every command a name of its own: `backup`, and the second one `backup-2`. */
export function newNames(): (command: string | readonly string[]) => string {
  const taken = new Set<string>()
  const counts = new Map<string, number>()
  return (command) => {
    const base = nameOf(command)
    for (;;) {
      const count = (counts.get(base) ?? 0) + 1
      counts.set(base, count)
      const name = count === 1 ? base : `${base}-${count}`
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
}

/** Names are read in tables; what is longer than this is cut. */
const maxChars = 48

function nameOf(command: string | readonly string[]): string {
  const name = programOf(command)
    .replaceAll(/[^A-Za-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, Math.min(maxChars, maxNameChars))
    .replace(/[-_]+$/, '')
  return name === '' ? 'task' : name
}
