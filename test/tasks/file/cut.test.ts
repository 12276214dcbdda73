import { describe, expect, test } from 'vitest'
import { cutTasks } from '../../../src/tasks/file/cut.ts'
import { opening, other } from './pieces.ts'

const [a, b] = opening
const body = `  ${a}:\n    command: x\n  ${other}:\n    command: y\n  ${b}:\n    command: z\n`

/** The texts of the frame and of the pieces. */
function parts(text: string): string[] | undefined {
  const cut = cutTasks(text)
  return cut && [cut.frame.text, ...cut.pieces.map((piece) => piece.text)]
}

describe('a text is cut', () => {
  const pieces = [
    `tasks:\n  ${a}:\n    command: x\n  ${other}:\n    command: y\n`,
    `tasks:\n  ${b}:\n    command: z\n`,
  ]
  test.each([
    ['with nothing else in it', `tasks:\n${body}`, 'tasks: {}\n'],
    [
      'below and above other keys',
      `hosts: { w: [w1] }\ntasks:\n${body}timezone: UTC\n`,
      'hosts: { w: [w1] }\ntasks: {}\ntimezone: UTC\n',
    ],
    ['with a comment', `tasks: # all\n${body}`, 'tasks: {}\n'],
  ])('%s', (_name, text, frame) => {
    expect(parts(text)).toEqual([frame, ...pieces])
  })

  test('at the same places, wherever a task is added', () => {
    const more = body.replace(`  ${other}:`, `  more:\n    command: m\n  ${other}:`)
    expect(parts(`tasks:\n${more}`)?.at(-1)).toBe(pieces.at(-1))
  })

  test('and knows where each offset was', () => {
    const text = `hosts: {}\ntasks: # all\n${body}zone: 1\n`
    const cut = cutTasks(text)
    for (const part of cut === undefined ? [] : [cut.frame, ...cut.pieces])
      for (const word of ['hosts', 'tasks', a, other, b, 'zone', 'command: x', 'command: z']) {
        const at = part.text.indexOf(word)
        if (at !== -1) expect(part.offsetOf(at)).toBe(text.indexOf(word))
      }
    expect(cut?.names).toEqual([a, other, b])
  })
})

test.each([
  ['a single piece', `tasks:\n  ${other}: {}\n`],
  ['no tasks', 'hosts: {}\n'],
  ['tasks on one line', `tasks: { ${a}: {}, ${b}: {} }\n`],
  ['a list', `tasks:\n  - ${a}\n`],
  ['a directive', `%TAG ! !x\n---\ntasks:\n${body}`],
  ['a key that is no plain name', `tasks:\n${body}  "a b": {}\n`],
  ['an explicit key', `tasks:\n${body}  ? x\n  : y\n`],
  ['a name given twice', `tasks:\n${body}  ${a}: {}\n`],
  ['a line that is less far in', `tasks:\n${body} x: {}\n`],
  ['a second document', `tasks:\n${body}---\na: 1\n`],
  ['a tab', `tasks:\n${body}\tx: {}\n`],
])('%s is not cut', (_name, text) => {
  expect(cutTasks(text)).toBeUndefined()
})
