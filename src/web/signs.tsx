import type { JSX } from 'preact'
import type { Sign, Tone } from './list/task-words.ts'

/** The drawings of the signs, in a square of 14. Each has a shape of its own. */
const drawings: Readonly<Record<Sign, string>> = {
  ok: 'M2.5 7.5l3 3 6-7',
  failed: 'M3 3l8 8M11 3l-8 8',
  timeout: 'M2.5 2.5h9M7 2.5v9',
  'spawn-failed': 'M7 2v6M7 10.5v1.5',
  unknown: 'M4.5 4.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.8M7 10.8v1.2',
  killed: 'M3.5 3.5h7v7h-7z',
  running: 'M4 2.5l7 4.5-7 4.5z',
  skipped: 'M2 3.5h10l-5 8z',
  missed: 'M7 1.5l5.5 5.5-5.5 5.5-5.5-5.5z',
  waiting: 'M7 3.2a3.8 3.8 0 1 0 .01 0z',
  away: 'M3 7h8',
}

/** The sign of an outcome. It is decoration: the words beside it say the same. */
export function SignIcon({ sign, tone }: { sign: Sign; tone: Tone }): JSX.Element {
  return (
    <svg class={`sign sign-${sign} tone-${tone}`} viewBox="0 0 14 14" aria-hidden="true">
      <path d={drawings[sign]} />
    </svg>
  )
}
