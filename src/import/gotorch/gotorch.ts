import { type DraftKey, type DraftPart, sharedBy, writeDraft } from '../draft.ts'
import { type Imported, newWarnings, type Warnings } from '../imported.ts'
import { newTaskNames } from '../task-names.ts'
import { type GoTask, readGoFile } from './gotorch-file.ts'
import { type GoEntry, readGoTask } from './gotorch-task.ts'

/**
 * Makes a tasks file from a file of gotorch, which is a JSON list of tasks. What torch cannot import
 * becomes a comment in the file and a warning. Never throws.
 */
export function importGotorch(source: { readonly path: string; readonly text: string }): Imported {
  const file = readGoFile(source.path, source.text.replace(/^\ufeff/, ''))
  if (!file.ok) return file
  const warnings = newWarnings()
  const entries = file.tasks.map((task) => ({ task, entry: readGoTask(task) }))
  warnAboutRepeated(file.tasks, warnings)

  const good = entries.flatMap(({ entry }) => (entry.ok ? [entry] : []))
  const shared = sharedBy(good.map(({ settings }) => settings))
  const nameOf = newTaskNames()
  const body = entries.flatMap(({ task, entry }): DraftPart[] => {
    const comments = commentsOf(task, entry, warnings)
    const parts: DraftPart[] = [{ kind: 'blank' }, { kind: 'comments', comments }]
    if (!entry.ok) return parts
    const keys = taskKeys(entry, shared)
    return [...parts, { kind: 'task', name: nameOf(entry.command), keys }]
  })
  const defaults = [
    // max: 1 is the default of torch.
    ...keysOf(shared).filter(({ key, value }) => key !== 'max' || value !== 1),
    ...(good.some(({ type }) => type === 'daemon') ? [restart] : []),
  ]
  const yaml = writeDraft({ header: [], timezone: undefined, defaults, body })
  return { ok: true, yaml, tasks: good.length, warnings: warnings.all() }
}

/** gotorch starts a daemon again in its next loop, 0.1 s later. */
const restart: DraftKey = {
  key: 'restart',
  value: { pairs: [{ key: 'max_delay', value: '1s' }] },
  comments: [
    '# As in gotorch, a daemon that ends starts again at once. Without these two lines torch waits',
    '# longer each time, up to a minute, until a run has lasted for a minute.',
  ],
}

/** Adds the warnings about a task, and returns them as comments for the file. */
function commentsOf({ line, text }: GoTask, entry: GoEntry, warnings: Warnings): string[] {
  if (entry.ok) {
    const added = entry.notes.filter(({ message, topic }) => warnings.add(line, message, topic))
    return added.map(({ message }) => `# Note: ${message}`)
  }
  warnings.add(line, `not imported: ${entry.message}`)
  return [`# Not imported: ${entry.message}`, `# ${text}`]
}

function warnAboutRepeated(tasks: readonly GoTask[], warnings: Warnings): void {
  const seen = new Set<string>()
  for (const { Command, line } of tasks) {
    if (seen.has(Command))
      warnings.add(
        line,
        'gotorch runs only one of several tasks with the same command; torch runs all of them',
      )
    seen.add(Command)
  }
}

type Settings = Extract<GoEntry, { ok: true }>['settings']

function taskKeys(entry: Extract<GoEntry, { ok: true }>, shared: Settings): DraftKey[] {
  const own = [...entry.settings].filter(([key, { value }]) => shared.get(key)?.value !== value)
  return [
    entry.type === 'daemon'
      ? { key: 'type', value: 'daemon' }
      : { key: 'schedule', value: entry.schedule },
    { key: 'command', value: entry.command },
    ...keysOf(new Map(own)),
  ]
}

function keysOf(settings: Settings): DraftKey[] {
  return [...settings].map(([key, { written }]) => ({ key, value: written }))
}
