import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pause } from './daemon.js'

export const secondly = names('second', 50)
export const daemons = names('daemon', 10)
export const long = names('long', 5)
const mixed = names('mixed', 130)
const shifting = names('shifting', 5)

function names(word, count) {
  return Array.from({ length: count }, (_, index) => `${word}-${index}`)
}

const mixedSchedules = [
  '*/15 * * * * *',
  '@every 17s',
  '7,37 * * * * *',
  '30 * * * * *',
  '*/2 * * * *',
  'H H * * *',
  '0 0 29 2 *',
  '30 2 * * mon-fri',
  '0 12 L * *',
  '@hourly',
]

export const taskCount = 200

/** 200 tasks; `edit` is the number of the edit that the shifting ones show. */
export function firstFile(mark) {
  const blocks = new Map([
    ...secondly.map((name) =>
      block(
        name,
        `schedule: '* * * * * *'`,
        'command: exec date "+$TORCH_SLOT %s%N" >>"$MARK/$TORCH_TASK"',
      ),
    ),
    ...daemons.map((name) =>
      block(
        name,
        'type: daemon',
        'max: 2',
        'command: echo "$$" >>"$MARK/$TORCH_TASK"; exec sleep 86400',
      ),
    ),
    ...long.map((name) =>
      block(
        name,
        `schedule: '*/20 * * * * *'`,
        'command: |',
        '  echo "begin $TORCH_SLOT $$" >>"$MARK/$TORCH_TASK"',
        '  sleep 15',
        '  echo "end $TORCH_SLOT $$" >>"$MARK/$TORCH_TASK"',
      ),
    ),
    ...mixed.map((name, index) => {
      const schedule = mixedSchedules[index % mixedSchedules.length]
      return block(name, `schedule: '${schedule}'`, `command: ['true']`)
    }),
    ...shiftingBlocks(),
  ])
  return { mark, blocks, comment: 'as it began' }
}

/** Tasks that the edits change. */
export function shiftingBlocks() {
  return shifting.map((name) => block(name, `schedule: '*/5 * * * * *'`, `command: 'true'`))
}

/** Of a task: its name and its lines. */
export function block(name, ...lines) {
  return [name, [`  ${name}:`, ...lines.map((each) => `    ${each}`)]]
}

/** `defaults`: further lines of the defaults of all tasks. */
export function textOf({ mark, blocks, comment, defaults = [] }) {
  const env = `env: { MARK: '${mark}' }`
  const head = [
    `# ${comment}`,
    'defaults:',
    ...[env, ...defaults].map((line) => `  ${line}`),
    'tasks:',
  ]
  return `${[...head, ...[...blocks.values()].flat()].join('\n')}\n`
}

/** Of a task that only the edits make. */
export function isOfEdits(name) {
  return /^(?:shifting|extra)-\d+$/.test(name)
}

/** The file of this edit, with one shifting task that says its number. */
function withChange(file, edit) {
  const name = shifting[edit % shifting.length]
  const lines = [`  ${name}:`, `    schedule: '*/5 * * * * *'`, `    command: 'true # ${edit}'`]
  return { ...file, blocks: new Map([...file.blocks, [name, lines]]) }
}

function shuffled({ blocks, ...file }, edit) {
  const key = ([name]) => (name.length * 7 + name.charCodeAt(name.length - 1) * (edit + 3)) % 97
  return { ...file, blocks: new Map([...blocks].toSorted((a, b) => key(a) - key(b))) }
}

/**
 * All the ways in which people and programs change a file. Each takes the last good file and the
 * number of the edit, writes, and gives the good file from now on, with what the daemon has to say
 * of it: `load`, `refuse` with the line of the fault, or nothing. `place.answer` waits for its word.
 */
export const edits = [
  function comment(place, file, edit) {
    const next = { ...file, comment: `edit ${edit}` }
    fs.writeFileSync(place.tasks, textOf(next))
    return { file: next }
  },
  function badValue(place, file, edit) {
    const bad = `    schedule: '61 * * * * *' # ${edit}`
    return writeBad(place, file, bad)
  },
  function renamedOver(place, file, edit) {
    const next = withChange(file, edit)
    renameOver(place, textOf(next))
    return { file: next, expect: 'load' }
  },
  function reordered(place, file, edit) {
    const next = shuffled(file, edit)
    renameOver(place, textOf(next))
    return { file: next }
  },
  function badKey(place, file, edit) {
    return writeBad(place, file, `    comand: [ls] # ${edit}`)
  },
  async function inTwoParts(place, file, edit) {
    const next = withChange(file, edit)
    await writeInParts(place, textOf(next), () => pause(shortPauseMs))
    return { file: next, expect: 'load' }
  },
  function gitCheckout(place) {
    place.revision = place.revision === 'a' ? 'b' : 'a'
    git(place, 'checkout', '-q', '-f', place.revision)
    // Committed from this very file, with another shifting task.
    return { file: place.revisions[place.revision], expect: 'load' }
  },
  function badYaml(place, file, edit) {
    return writeBad(place, file, `    labels: { edit: ${edit} ]`)
  },
  function added(place, file, edit) {
    const name = `extra-${edit}`
    const lines = [`  ${name}:`, `    schedule: '*/3 * * * * *'`, `    command: ['true']`]
    const next = { ...file, blocks: new Map([...file.blocks, [name, lines]]) }
    fs.writeFileSync(place.tasks, textOf(next))
    return { file: next, expect: 'load' }
  },
  async function halfForLong(place, file, edit) {
    const next = withChange(file, edit)
    await writeInParts(place, textOf(next), (line) =>
      place.answer(({ event, problems }) => event === 'refuse' && lineOf(problems[0]) >= line),
    )
    return { file: next, expect: 'load' }
  },
  function removed(place, file) {
    const left = [...file.blocks].filter(([name]) => !name.startsWith('extra-'))
    const next = { ...file, blocks: new Map(left) }
    renameOver(place, textOf(next))
    return { file: next, expect: 'load' }
  },
]

/** Shorter than what the daemon takes for a finished write. */
const shortPauseMs = 100

/** A fault at the end of a task in the middle of the file. */
function writeBad(place, file, line) {
  const lines = textOf(file).trimEnd().split('\n')
  const at = lines.findIndex((each, index) => index > lines.length / 2 && /^ {2}\S/.test(each))
  const isSchedule = line.includes('schedule:')
  // The schedule takes the place of the task's own; anything else comes before it.
  const [from, count] = isSchedule ? [scheduleAfter(lines, at), 1] : [at + 1, 0]
  lines.splice(from, count, line)
  fs.writeFileSync(place.tasks, `${lines.join('\n')}\n`)
  return { file, expect: 'refuse', line: from + 1 }
}

function scheduleAfter(lines, at) {
  return lines.findIndex((each, index) => index > at && /^ {4}schedule:/.test(each))
}

/**
 * In place, cut within the quotes of a schedule, so that the half is no valid file. `between` gets
 * the line of the cut, and says when to go on.
 */
async function writeInParts(place, text, between) {
  const cut = text.indexOf(`schedule: '`, text.length / 2) + `schedule: '`.length + 1
  fs.writeFileSync(place.tasks, text.slice(0, cut))
  await between(text.slice(0, cut).split('\n').length)
  fs.appendFileSync(place.tasks, text.slice(cut))
}

/** The line that a problem in the log names: `/srv/tasks.yaml:12:5: ...`. */
export function lineOf(problem) {
  return Number(/^[^:]+:(\d+):/.exec(problem)?.[1])
}

function renameOver(place, text) {
  const fresh = path.join(place.folder, '.tasks.yaml.new')
  fs.writeFileSync(fresh, text)
  fs.renameSync(fresh, place.tasks)
}

/** A repository around the file, with two revisions to go to and fro between. */
export function makeRepository(place, file) {
  git(place, 'init', '-q', '-b', 'main')
  git(place, 'config', 'user.name', 'bench')
  git(place, 'config', 'user.email', 'bench@localhost')
  place.revisions = { a: withChange(file, 100_001), b: withChange(file, 100_002) }
  for (const revision of ['a', 'b']) {
    fs.writeFileSync(place.tasks, textOf(place.revisions[revision]))
    git(place, 'add', 'tasks.yaml')
    git(place, 'commit', '-q', '-m', revision)
    git(place, 'tag', revision)
  }
  place.revision = 'b'
  fs.writeFileSync(place.tasks, textOf(file))
}

function git(place, ...words) {
  execFileSync('git', words, { cwd: place.folder, stdio: 'ignore' })
}
