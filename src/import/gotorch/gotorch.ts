import { type Field, fields } from '../../schedule/field.ts'
import { parseSchedule } from '../../schedule/parse.ts'
import { parseNetwork } from '../../tasks/address.ts'
import { showValue } from '../../tasks/file/expected.ts'
import { readCronField } from '../cron-field.ts'
import {
  type DraftKey,
  type DraftPart,
  type DraftValue,
  sharedBy,
  unsupportedIn,
  writeDraft,
} from '../draft.ts'
import { type Imported, newWarnings, type Warnings } from '../imported.ts'
import { newTaskNames } from '../task-names.ts'
import { type GoTask, readGoFile } from './gotorch-file.ts'

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

/** A task of gotorch as the keys of a torch task, or why torch cannot import it. */
type GoEntry =
  | {
      readonly ok: true
      readonly type: 'common' | 'daemon'
      /** Empty for a daemon. */
      readonly schedule: string
      readonly command: readonly string[]
      /** By the key of a task. Two settings are the same if their `value` is. */
      readonly settings: ReadonlyMap<
        string,
        { readonly value: string; readonly written: DraftValue }
      >
      readonly notes: readonly { readonly message: string; readonly topic?: string }[]
    }
  | { readonly ok: false; readonly message: string }

function readGoTask(task: GoTask): GoEntry {
  const unsupported = unsupportedIn([task.Command, ...task.Ips].join(' '))
  if (unsupported !== undefined) return { ok: false, message: unsupported }
  // At every single blank, like strings.Split() of Go: two blanks have an empty word between them.
  const command = task.Command.split(' ')
  if (command[0] === '') return { ok: false, message: 'Command does not begin with a program' }
  const hosts = task.Ips.filter((ip) => !ip.includes('/') && parseNetwork(ip) !== undefined)
  if (hosts.length === 0 && task.Ips.length > 0)
    return { ok: false, message: 'none of its Ips is an address, so it would run nowhere' }

  const isDaemon = task.TaskType === 'daemon'
  const times = isDaemon ? undefined : readGoTimes(task.Times)
  if (times?.ok === false) return times
  const settings = new Map<string, { value: string; written: DraftValue }>()
  const max = isDaemon ? Math.max(task.Max, 1) : task.Max
  const written = max < 1 ? 'unlimited' : max
  settings.set('max', { value: String(written), written })
  if (hosts.length > 0) settings.set('hosts', { value: hosts.join(), written: hosts })
  return {
    ok: true,
    type: isDaemon ? 'daemon' : 'common',
    schedule: times?.schedule ?? '',
    command,
    settings,
    notes: [...notesOf(task, hosts), ...(times === undefined ? [] : notesOfTimes(times))],
  }
}

/** The Times of a task as a schedule of torch, and what gotorch itself makes of them. */
type GoTimes =
  | {
      readonly ok: true
      readonly schedule: string
      /** In gotorch single values and ranges match nothing, so the task never started. */
      readonly neverStarted: boolean
      /** gotorch skips the last value of a `*` or a step. */
      readonly lostLast: boolean
    }
  | { readonly ok: false; readonly message: string }

/** The order of the fields in gotorch. Weekdays are 1-7; 7 is Sunday. */
const order: readonly Field['name'][] = ['second', 'minute', 'hour', 'day', 'weekday', 'month']

/**
 * Reads `second minute hour day week month`, as its author meant it. gotorch has bugs here
 * (task/attr.go): its loop over a range ends before the last value, it reads `a-b` as `a-a`, and it
 * never sets 0, which is Sunday there.
 */
function readGoTimes(times: string): GoTimes {
  const words = times.trim().split(/\s+/)
  if (words.length !== order.length) return wrong('Times must have six fields')
  const texts = new Map<Field['name'], string>()
  const all = { neverStarted: false, lostLast: false }
  for (const [index, name] of order.entries()) {
    const field = fields.find((each) => each.name === name)
    const read = field && readGoField(field, words[index] ?? '')
    if (!read?.ok) return wrong(read?.message ?? '')
    texts.set(name, read.text)
    all.neverStarted ||= read.neverStarted
    all.lostLast ||= read.lostLast
  }
  const days = [texts.get('day') ?? '*', texts.get('weekday') ?? '*']
  if (!days.some((text) => text.startsWith('*')))
    return wrong('in gotorch both day and week must match; in torch one of them is enough')

  const schedule = fields.map(({ name }) => texts.get(name) ?? '*').join(' ')
  const parsed = parseSchedule(schedule, { zone: 'UTC', seed: '' })
  return parsed.ok ? { ok: true, schedule, ...all } : wrong(parsed.message)
}

type GoField =
  | { readonly ok: true; text: string; neverStarted: boolean; lostLast: boolean }
  | { readonly ok: false; readonly message: string }

function readGoField(field: Field, word: string): GoField {
  const read = readCronField(field, word)
  if (!read.ok) return read
  const [note] = read.notes
  if (note !== undefined) return wrong(`${field.name}: gotorch cannot read ${showValue(word)}`)
  const first = field.name === 'weekday' ? 1 : field.min
  const steps = [...word.matchAll(/\*(?:\/(\d+))?/g)].map(([, step = '1']) => Number(step))
  return {
    ok: true,
    // In gotorch a week begins on Monday.
    text:
      field.name === 'weekday' ? read.text.replaceAll('*/', `${first}-${field.max}/`) : read.text,
    neverStarted: steps.length === 0,
    lostLast: steps.some((step) => (field.max - first) % step === 0),
  }
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message }
}

function notesOf(task: GoTask, hosts: readonly string[]) {
  const notes = task.others.map((key) => ({
    message: `the unknown key ${showValue(key)} is left out`,
  }))
  for (const ip of task.Ips) {
    if (!hosts.includes(ip))
      notes.push({ message: `${showValue(ip)} is not an address and is left out of hosts` })
  }
  if (!['', 'common', 'daemon'].includes(task.TaskType))
    notes.push({ message: `TaskType ${showValue(task.TaskType)} means common, as in gotorch` })
  if (task.TaskType === 'daemon' && task.Max < 1)
    notes.push({
      message: 'gotorch starts a daemon without Max any number of times; the task has max: 1',
    })
  return notes
}

function notesOfTimes({ neverStarted, lostLast }: { neverStarted: boolean; lostLast: boolean }) {
  if (neverStarted)
    return [
      {
        message:
          'gotorch never started this task, because single values and ranges match nothing there; torch starts it',
      },
    ]
  if (!lostLast) return []
  const message =
    'gotorch skips the last value of a * or step (second 59, hour 23, Sunday, December); torch does not'
  return [{ message, topic: 'last' }]
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
