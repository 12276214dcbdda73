import { formatProblem, type Problem } from '../../src/tasks/file/problem.ts'
import { readTasks, type ReadTasks } from '../../src/tasks/file/read.ts'
import type { TasksFacts } from '../../src/tasks/file/settings.ts'
import { boundsOfAnyMachine } from '../../src/tasks/machine-bounds.ts'
import type { Task, TasksFile } from '../../src/tasks/task.ts'

/** A machine on which nobody is root, with two env files in /srv. */
export const facts: TasksFacts = {
  zone: 'UTC',
  host: 'web1',
  machine: { names: ['web1'], addresses: ['10.0.1.7'] },
  bounds: boundsOfAnyMachine,
  mayChangeUser: false,
  folder: '/srv',
  digest: (text) => text,
  sha256: (text) => text,
  isAccount: () => true,
  readCalendar: (file) => {
    if (file === '/srv/good.dates')
      return { ok: true, text: '# holidays\n12-25 # Christmas\n\n2026-12-28 .. 2027-01-02\n' }
    if (file === '/srv/bad.dates') return { ok: true, text: '2026-02-30\n\n12-25\ntomorrow\n' }
    return { ok: false, message: 'is not there' }
  },
  whyNoHeaders: () => undefined,
  readEnvFile: (file) => {
    if (file === '/srv/good.env') return { ok: true, text: 'A=1\n' }
    if (file === '/srv/bad.env') return { ok: true, text: 'A=1\nB\n' }
    return { ok: false, message: 'is not there' }
  },
}

export function parse(text: string, more: Partial<TasksFacts> = {}): ReadTasks {
  return readTasks([{ path: 'tasks.yaml', text }], { ...facts, ...more })
}

/** All problems of a file, or the warnings of a good one. */
export function problemsOf(text: string, more: Partial<TasksFacts> = {}): readonly Problem[] {
  const parsed = parse(text, more)
  return parsed.ok ? parsed.warnings : parsed.problems
}

/** All problems or warnings of a file, as a person reads them. */
export function formatted(text: string): string {
  return problemsOf(text).map(formatProblem).join('\n')
}

/** A problem as `tasks.a.max: message (hint)`. */
export function oneLine({ severity, path, message, hint }: Problem): string {
  const kind = severity === 'warning' ? 'warning: ' : ''
  return `${kind}${path}: ${message}${hint === null ? '' : ` (${hint})`}`
}

/** The tasks of a file that must be good. Throws otherwise. */
export function good(text: string, more: Partial<TasksFacts> = {}): TasksFile {
  const parsed = parse(text, more)
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.file
}

/** The one task of a file whose other keys are these lines. */
export function task(...lines: readonly string[]): Task {
  const file = good(oneTask(...lines), { mayChangeUser: true })
  const [only] = file.tasks
  if (only === undefined) throw new Error('no task')
  return only
}

export function oneTask(...lines: readonly string[]): string {
  const own = lines.map((line) => `    ${line}\n`).join('')
  return `tasks:\n  backup:\n    schedule: "@daily"\n    command: run\n${own}`
}
