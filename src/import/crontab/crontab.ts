import { maxFileBytes } from '../../tasks/file/limits.ts'
import { type Draft, type DraftKey, type DraftPart, sharedBy, writeDraft } from '../draft.ts'
import { type Imported, maxCrontabLines, newWarnings, refused, type Warnings } from '../imported.ts'
import { newTaskNames } from '../task-names.ts'
import { type CronLine, readCronLines } from './cron-lines.ts'
import {
  type CronPart,
  type CrontabOptions,
  type CronTask,
  readCronParts,
  type Scope,
  type Setting,
} from './cron-parts.ts'

/**
 * Makes a tasks file from a crontab. Its tasks start when cron would start the jobs. What torch cannot
 * import becomes a comment in the file and a warning. Never throws.
 */
export function importCrontab(
  { path, text }: { readonly path: string; readonly text: string },
  options: CrontabOptions,
): Imported {
  if (text.includes('\0'))
    return refused(path, 'this is not a crontab: it contains the control character U+0000')
  const lines = readCronLines(text)
  if (lines.length > maxCrontabLines)
    return refused(path, `expected at most ${maxCrontabLines} lines; got ${lines.length}`)

  if (isAnacrontab(lines))
    return refused(
      path,
      'this is an anacrontab: its lines have a period in days, a delay in minutes, an id and a command',
      'write a task for each line, with `schedule: "@daily"` (or @weekly, @monthly) and `catchup: latest`',
    )

  const warnings = newWarnings()
  const parts = readCronParts(lines, options, warnings)
  warnAboutLineEnds(text, lines, warnings)
  const draft = cronDraft(parts)
  const yaml = writeDraft(draft)
  if (yaml.length > maxFileBytes)
    return refused(path, `the tasks file would be larger than ${maxFileBytes / 1_000_000} MB`)
  const tasks = draft.body.filter(({ kind }) => kind === 'task').length
  return { ok: true, yaml, tasks, warnings: warnings.all() }
}

function isAnacrontab(lines: readonly CronLine[]): boolean {
  const kinds = new Set(lines.map(({ kind }) => kind))
  return kinds.has('anacron') && !kinds.has('entry')
}

/** Two mistakes that keep cron from doing what is meant. The tasks file does not have them. */
function warnAboutLineEnds(text: string, lines: readonly CronLine[], warnings: Warnings): void {
  const carriage = text.indexOf('\r\n')
  if (carriage !== -1) {
    const line = text.slice(0, carriage).split('\n').length
    warnings.add(
      line,
      'the carriage return at the end is removed; cron would pass it to the command',
    )
  }
  const last = lines.at(-1)
  if (last?.kind === 'entry' && !text.endsWith('\n'))
    warnings.add(last.line, 'cron ignores a last line without a line break; torch imports it')
}

/** Arranges the parts of a crontab as a tasks file. Settings that most tasks share become defaults. */
function cronDraft(parts: readonly CronPart[]): Draft {
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

/** cron has no limit on runs at the same time. The file has none either, so that no start is lost. */
const max: DraftKey = {
  key: 'max',
  value: 'unlimited',
  comments: [
    '# As in cron, a task starts again even if its last run has not ended. It is better to remove',
    '# this line: then torch skips such a start (see the keys max and overlap).',
  ],
}

function sharedSettings(tasks: readonly CronTask[]): Scope {
  const shared = new Map(sharedBy(tasks.map(({ settings }) => settings)))
  // If one task has another user, every task shows its own.
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
  const nameOf = newTaskNames()
  return parts.flatMap((part): DraftPart[] => {
    switch (part.kind) {
      case 'blank':
      case 'comments':
        return [part]
      case 'variable': {
        const { variable } = part
        if (moved.has(variable)) return []
        const unused = used.has(variable) ? [] : [`# Not used by any task: ${variable.text}`]
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
    ...(entry.isSingle ? [{ key: 'max', value: 1 }] : []),
    ...keysOf(new Map(own), new Map()),
  ]
}

const order = ['user', 'shell', 'cwd', 'timezone', 'jitter'] as const

/** Settings as keys of a task. Those in `commented` bring the comments of their variable with them. */
function keysOf(settings: Scope, commented: Scope): DraftKey[] {
  const written = new Set<unknown>()
  const keyOf = (key: string, { value, from }: Setting, hasComments: boolean): DraftKey => {
    const comments = hasComments && from !== undefined && !written.has(from) ? from.comments : []
    written.add(from)
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
