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

/** The file at the start, with 200 tasks. */
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
  return { mark, blocks, comment: 'before all edits' }
}

/** Tasks that the edits change. */
export function shiftingBlocks() {
  return shifting.map((name) => block(name, `schedule: '*/5 * * * * *'`, `command: 'true'`))
}

/** The name and the lines of a task. */
export function block(name, ...lines) {
  return [name, [`  ${name}:`, ...lines.map((each) => `    ${each}`)]]
}

/** `defaults`: more lines of the defaults of all tasks. */
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

/** Whether only the edits make a task of that name. */
export function isOfEdits(name) {
  return /^(?:shifting|extra)-\d+$/.test(name)
}

/** The file after this edit: one of the shifting tasks has its number. */
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
 * All the ways in which people and programs change a file. Each takes the last good file and the number
 * of the edit, writes, and returns the file that is good from now on, with the answer that the daemon
 * must give: `load`, `refuse` with the line of the mistake, or none. `repository.answer` waits for it.
 */
export const edits = [
  function comment(repository, file, edit) {
    const next = { ...file, comment: `edit ${edit}` }
    fs.writeFileSync(repository.tasks, textOf(next))
    return { file: next }
  },
  function badValue(repository, file, edit) {
    const bad = `    schedule: '61 * * * * *' # ${edit}`
    return writeBad(repository, file, bad)
  },
  function renamedOver(repository, file, edit) {
    const next = withChange(file, edit)
    renameOver(repository, textOf(next))
    return { file: next, expect: 'load' }
  },
  function reordered(repository, file, edit) {
    const next = shuffled(file, edit)
    renameOver(repository, textOf(next))
    return { file: next }
  },
  function badKey(repository, file, edit) {
    return writeBad(repository, file, `    comand: [ls] # ${edit}`)
  },
  async function inTwoParts(repository, file, edit) {
    const next = withChange(file, edit)
    await writeInParts(repository, textOf(next), () => pause(shortPauseMs))
    return { file: next, expect: 'load' }
  },
  function gitCheckout(repository) {
    repository.revision = repository.revision === 'a' ? 'b' : 'a'
    git(repository, 'checkout', '-q', '-f', repository.revision)
    // The revisions were made from this file, each with another shifting task.
    return { file: repository.revisions[repository.revision], expect: 'load' }
  },
  function badYaml(repository, file, edit) {
    return writeBad(repository, file, `    labels: { edit: ${edit} ]`)
  },
  function added(repository, file, edit) {
    const name = `extra-${edit}`
    const lines = [`  ${name}:`, `    schedule: '*/3 * * * * *'`, `    command: ['true']`]
    const next = { ...file, blocks: new Map([...file.blocks, [name, lines]]) }
    fs.writeFileSync(repository.tasks, textOf(next))
    return { file: next, expect: 'load' }
  },
  async function halfForLong(repository, file, edit) {
    const next = withChange(file, edit)
    await writeInParts(repository, textOf(next), (line) =>
      repository.answer(({ event, problems }) => event === 'refuse' && lineOf(problems[0]) >= line),
    )
    return { file: next, expect: 'load' }
  },
  function removed(repository, file) {
    const left = [...file.blocks].filter(([name]) => !name.startsWith('extra-'))
    const next = { ...file, blocks: new Map(left) }
    renameOver(repository, textOf(next))
    return { file: next, expect: 'load' }
  },
]

/** Shorter than the pause after which the daemon takes a write as finished. */
const shortPauseMs = 100

/** Makes a mistake in a task in the middle of the file. */
function writeBad(repository, file, line) {
  const lines = textOf(file).trimEnd().split('\n')
  const at = lines.findIndex((each, index) => index > lines.length / 2 && /^ {2}\S/.test(each))
  const isSchedule = line.includes('schedule:')
  // A schedule replaces that of the task; anything else comes before it.
  const [from, count] = isSchedule ? [scheduleAfter(lines, at), 1] : [at + 1, 0]
  lines.splice(from, count, line)
  fs.writeFileSync(repository.tasks, `${lines.join('\n')}\n`)
  return { file, expect: 'refuse', line: from + 1 }
}

function scheduleAfter(lines, at) {
  return lines.findIndex((each, index) => index > at && /^ {4}schedule:/.test(each))
}

/**
 * Writes in place the first half up to a cut within the quotes of a schedule, so that it is not a valid
 * file; waits for `between`, which gets the line of the cut; then appends the rest.
 */
async function writeInParts(repository, text, between) {
  const cut = text.indexOf(`schedule: '`, text.length / 2) + `schedule: '`.length + 1
  fs.writeFileSync(repository.tasks, text.slice(0, cut))
  await between(text.slice(0, cut).split('\n').length)
  fs.appendFileSync(repository.tasks, text.slice(cut))
}

/** The line that a problem in the log names, as in `/srv/tasks.yaml:12:5: ...`. */
export function lineOf(problem) {
  return Number(/^[^:]+:(\d+):/.exec(problem)?.[1])
}

function renameOver(repository, text) {
  const fresh = path.join(repository.folder, '.tasks.yaml.new')
  fs.writeFileSync(fresh, text)
  fs.renameSync(fresh, repository.tasks)
}

/** Makes a git repository around the file, with two revisions to switch between. */
export function makeRepository(repository, file) {
  git(repository, 'init', '-q', '-b', 'main')
  git(repository, 'config', 'user.name', 'bench')
  git(repository, 'config', 'user.email', 'bench@localhost')
  repository.revisions = { a: withChange(file, 100_001), b: withChange(file, 100_002) }
  for (const revision of ['a', 'b']) {
    fs.writeFileSync(repository.tasks, textOf(repository.revisions[revision]))
    git(repository, 'add', 'tasks.yaml')
    git(repository, 'commit', '-q', '-m', revision)
    git(repository, 'tag', revision)
  }
  repository.revision = 'b'
  fs.writeFileSync(repository.tasks, textOf(file))
}

function git(repository, ...words) {
  execFileSync('git', words, { cwd: repository.folder, stdio: 'ignore' })
}
