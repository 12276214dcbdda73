import { type CronPart, type CronTask, type Scope, type Setting } from './cron-parts.ts'
import type { Draft, DraftKey, DraftPart } from '../draft.ts'
import { newNames } from '../names.ts'
import { sharedBy } from '../shared.ts'

/** Lays the parts of a crontab out as a tasks file: what its tasks share becomes a default. */
export function cronDraft(parts: readonly CronPart[]): Draft {
  const [first, second, ...more] = parts
  const isHeader = first?.kind === 'comments' && second?.kind === 'blank'
  const tasks = parts.flatMap((part) => (part.kind === 'task' ? [part] : []))
  const shared = sharedSettings(tasks)
  const keys = keysOf(shared, shared)
  return {
    header: isHeader ? first.comments : [],
    timezone: keys.find(({ key }) => key === 'timezone'),
    defaults: tasks.length === 0 ? [] : [max, ...keys.filter(({ key }) => key !== 'timezone')],
    body: bodyOf(isHeader ? more : parts, tasks, shared),
  }
}

/** cron knows no most, and so that nothing is lost, neither does the file. */
const max: DraftKey = {
  key: 'max',
  value: 'unlimited',
  comments: [
    '# As in cron, a job is started again although its last run still goes on. It is better to',
    '# remove this line: then such a slot is skipped (see max and overlap in the README).',
  ],
}

function sharedSettings(tasks: readonly CronTask[]): Scope {
  const shared = new Map(sharedBy(tasks.map(({ settings }) => settings)))
  // That a task runs as another user than most is to be seen at the others, too.
  const users = new Set(tasks.map(({ settings }) => settings.get('user')?.value))
  if (users.size > 1) shared.delete('user')
  return shared
}

function bodyOf(
  parts: readonly CronPart[],
  tasks: readonly CronTask[],
  shared: Scope,
): DraftPart[] {
  const used = new Set(
    tasks.flatMap(({ settings }) => [...settings.values()].map(({ from }) => from)),
  )
  const moved = new Set([...shared.values()].map(({ from }) => from))
  const nameOf = newNames()
  return parts.flatMap((part): DraftPart[] => {
    switch (part.kind) {
      case 'blank':
      case 'comments':
        return [part]
      case 'variable': {
        const { variable } = part
        if (moved.has(variable)) return []
        const unused = used.has(variable) ? [] : [`# Of no task: ${variable.text}`]
        const comments = [...variable.comments, ...unused]
        return comments.length === 0 ? [] : [{ kind: 'comments', comments }]
      }
      case 'task':
        return [{ kind: 'task', name: nameOf(part.entry.line), keys: taskKeys(part, shared) }]
    }
  })
}

function taskKeys({ entry, description, settings }: CronTask, shared: Scope): DraftKey[] {
  const own = [...settings].filter(([key, { value }]) => shared.get(key)?.value !== value)
  return [
    ...(description === '' ? [] : [{ key: 'description', value: description }]),
    { key: 'schedule', value: entry.schedule },
    { key: 'command', value: entry.command },
    ...keysOf(new Map(own), new Map()),
  ]
}

const order = ['user', 'shell', 'cwd', 'timezone', 'jitter'] as const

/** Settings as keys of a task; the comments of those in `commented` go with them. */
function keysOf(settings: Scope, commented: Scope): DraftKey[] {
  const told = new Set<unknown>()
  const keyOf = (key: string, { value, from }: Setting, isTold: boolean): DraftKey => {
    const comments = isTold && from !== undefined && !told.has(from) ? from.comments : []
    told.add(from)
    return { key, value, comments }
  }
  const plain = order.flatMap((key) => {
    const setting = settings.get(key)
    return setting === undefined ? [] : [keyOf(key, setting, commented.has(key))]
  })
  const variables = [...settings].flatMap(([key, setting]) =>
    key.startsWith('env.') ? [keyOf(key.slice('env.'.length), setting, commented.has(key))] : [],
  )
  return variables.length === 0 ? plain : [...plain, { key: 'env', value: { pairs: variables } }]
}
