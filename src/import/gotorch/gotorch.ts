import type { DraftKey, DraftPart } from '../draft.ts'
import { type GoTask, readGoFile } from './gotorch-file.ts'
import { type GoEntry, readGoTask } from './gotorch-task.ts'
import type { Imported } from '../imported.ts'
import { newNames } from '../names.ts'
import { sharedBy } from '../shared.ts'
import { newWarnings, type Warnings } from '../import-warnings.ts'
import { writeDraft } from '../write-draft.ts'

/**
 * Makes a tasks file of one of gotorch, a JSON list of tasks. What cannot be carried over is a
 * comment in it, and a warning. Never throws, whatever the text is.
 */
export function importGotorch(source: { readonly path: string; readonly text: string }): Imported {
  const file = readGoFile(source.path, source.text.replace(/^\ufeff/, ''))
  if (!file.ok) return file
  const warnings = newWarnings()
  const entries = file.tasks.map((task) => ({ task, entry: readGoTask(task) }))
  tellRepeated(file.tasks, warnings)

  const good = entries.flatMap(({ entry }) => (entry.ok ? [entry] : []))
  const shared = sharedBy(good.map(({ settings }) => settings))
  const nameOf = newNames()
  const body = entries.flatMap(({ task, entry }): DraftPart[] => {
    const comments = tell(task, entry, warnings)
    const parts: DraftPart[] = [{ kind: 'blank' }, { kind: 'comments', comments }]
    if (!entry.ok) return parts
    const keys = taskKeys(entry, shared)
    return [...parts, { kind: 'task', name: nameOf(entry.command), keys }]
  })
  const defaults = [
    // One at a time is what torch does anyway.
    ...keysOf(shared).filter(({ key, value }) => key !== 'max' || value !== 1),
    ...(good.some(({ type }) => type === 'daemon') ? [restart] : []),
  ]
  const yaml = writeDraft({ header: [], timezone: undefined, defaults, body })
  return { ok: true, yaml, tasks: good.length, warnings: warnings.all() }
}

/** gotorch starts a daemon again in its next loop, a tenth of a second later. */
const restart: DraftKey = {
  key: 'restart',
  value: { pairs: [{ key: 'max_delay', value: '1s' }] },
  comments: [
    '# As in gotorch, a daemon that ends is started again at once. Without these two lines torch',
    '# waits longer each time, up to a minute, until a run has lived for a minute.',
  ],
}

/** Gives what is to be said in the file, too. */
function tell({ line, text }: GoTask, entry: GoEntry, warnings: Warnings): string[] {
  if (entry.ok) {
    const told = entry.notes.filter(({ message, sort }) => warnings.tell(line, message, sort))
    return told.map(({ message }) => `# Note: ${message}`)
  }
  warnings.tell(line, `not imported: ${entry.message}`)
  return [`# Not imported: ${entry.message}`, `# ${text}`]
}

function tellRepeated(tasks: readonly GoTask[], warnings: Warnings): void {
  const seen = new Set<string>()
  for (const { Command, line } of tasks) {
    if (seen.has(Command))
      warnings.tell(
        line,
        'of tasks with the same command gotorch runs one; torch runs each of them',
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
