import { type Agenda, type AgendaEntry, dueBy } from './agenda.ts'

/** Not more tasks than these have a recorder ready at a time: each one takes some 200 kB. */
const maxReady = 1000

/** What one takes to get ready, at the rate at which little else suffers. */
const readyMs = 2

/**
 * The tasks for whose next start all should be ready, in the order of their starts: those of the next
 * second; and of one with many starts the rest before, as many as cannot be made ready in a second.
 */
export function dueSoon(agenda: Agenda, now: number): string[] {
  const next = (now + 1) * 1000
  return entriesAhead(agenda, now)
    .toSorted((a, b) => a.at - b.at || (a.task < b.task ? -1 : 1))
    .slice(0, maxReady)
    .filter(({ at }, index) => at * 1000 - index * readyMs <= next)
    .map(({ task }) => task)
}

/** Of the two seconds to come: the last of so many takes no longer. */
function entriesAhead(agenda: Agenda, now: number): AgendaEntry[] {
  const next = dueBy(agenda, now + 1, maxReady)
  if (next.length === maxReady) return next
  const both = dueBy(agenda, now + 2, next.length + maxReady)
  return [...next, ...both.filter(({ at }) => at > now + 1)]
}
