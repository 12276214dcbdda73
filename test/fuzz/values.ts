import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../src/text/duration.ts'
import { runDirectory } from '../../src/run/directory.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import { formatSize, parseSize } from '../../src/text/size.ts'
import { formatUmask, parseUmask } from '../../src/tasks/file/schema-values.ts'
import { facts } from '../support/tasks.ts'
import { pure } from './target.ts'

const units = ['w', 'd', 'h', 'm', 's', 'ms']
const lengths = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1]
const maxMs = 36_500 * 86_400_000

const piece = fc.oneof(
  fc.nat(100).map(String),
  fc.constantFrom(...units, ' ', '-', '.', '0', '٣', '99999999999999999999', 'S'),
)
const durationTexts = fc.array(piece, { maxLength: 9 }).map((all) => all.join(''))

/** Reads a duration in the simplest way; undefined if it is not one. */
function millisecondsOf(text: string): number | undefined {
  let [rest, sum, last] = [text, 0, -1]
  while (rest !== '') {
    const [whole = '', digits = '', unit = ''] = /^([0-9]+)([a-z]+)/.exec(rest) ?? []
    const at = units.indexOf(unit)
    if (whole === '' || at <= last) return undefined
    sum += Number(digits) * (lengths[at] ?? 0)
    last = at
    rest = rest.slice(whole.length)
  }
  return last === -1 || sum > maxMs ? undefined : sum
}

/** `5m`, `10MB`, `022`: agree with a simple reader, and survive formatting and parsing. */
export const values = pure(
  'values',
  250,
  fc.record({
    text: durationTexts,
    ms: fc.integer({ min: 0, max: maxMs }),
    bytes: fc.maxSafeNat(),
    junk: fc.string({ unit: 'binary', maxLength: 8 }),
  }),
  ({ text, ms, bytes, junk }) => {
    const parsed = parseDuration(text)
    assert.equal(parsed.ok ? parsed.ms : undefined, millisecondsOf(text), text)
    if (!parsed.ok) assert.doesNotMatch(parsed.message, /[\n\r]/)
    assert.deepEqual(parseDuration(formatDuration(ms)), { ok: true, ms })
    assert.equal(parseSize(formatSize(bytes)), bytes)
    const mask = ms & 0o777
    assert.equal(parseUmask(formatUmask(mask)), mask)
    for (const read of [parseDuration(junk), parseSize(junk), parseUmask(junk)])
      if (typeof read === 'number') assert.match(junk, /^[\w. ]+$/)
  },
)

const nameParts = fc.constantFrom(
  ...[
    'a',
    'Z9',
    '.',
    '..',
    '/',
    '\\',
    '-',
    '_',
    ' ',
    '\0',
    '\n',
    'é',
    'e\u0301',
    'ﬁ',
    '٣',
    '日',
    '😀',
    'x'.repeat(60),
    '$',
    ':',
    '~',
    'K',
  ],
)
const taskNames = fc.oneof(
  fc.array(nameParts, { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

/** Every accepted task name is a safe folder name: unique, inside the home, valid on any disk. */
export const taskName = pure('task-names', 60, taskNames, (name) => {
  const text = JSON.stringify({ tasks: { [name]: { type: 'daemon', command: 'x' } } })
  const parsed = readTasks([{ path: 'tasks.json', text }], facts)
  if (!parsed.ok) return
  const [task] = parsed.file.tasks
  if (task === undefined) return assert.equal(name, '__proto__')
  assert.equal(task.name, name)
  assert.ok(name !== '.' && name !== '..' && Buffer.byteLength(name) <= 255)
  assert.equal(name.normalize('NFKC'), name)
  assert.equal(runDirectory('/home/torch', name, 'r1'), `/home/torch/runs/${name}/r1`)
})
