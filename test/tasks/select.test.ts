import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSelected, selectNames } from '../../src/tasks/select.ts'

const names = ['backup-db', 'backup-www', 'rotate', 'r1', 'r2']

describe('selectNames', () => {
  test.each([
    [['rotate'], ['rotate']],
    [
      ['rotate', 'backup-db'],
      ['backup-db', 'rotate'],
    ],
    [['backup-*'], ['backup-db', 'backup-www']],
    [
      ['r?', 'r1'],
      ['r1', 'r2'],
    ],
    [['*'], names],
    [[], []],
  ])('the arguments %j select these tasks', (words, found) => {
    expect(selectNames(words, names)).toEqual(found)
  })

  test.each([
    ['bakup-db', 'there is no task "bakup-db"', 'did you mean "backup-db"?'],
    [
      '2026112',
      'there is no task "2026112"',
      'torch status lists the tasks; of a run id, give at least its day and the T',
    ],
    ['xyzzy', 'there is no task "xyzzy"', 'torch status lists the tasks'],
    ['ops.yaml', 'there is no task "ops.yaml"', 'to name a tasks file, use --tasks ops.yaml'],
    ['./tasks', 'there is no task "./tasks"', 'to name a tasks file, use --tasks ./tasks'],
    ['', 'there is no task ""', 'torch status lists the tasks'],
    ['nightly-*', 'no task matches "nightly-*"', 'torch status lists the tasks'],
  ])('an argument that selects no task is an error: %s', (word, message, hint) => {
    expect(() => selectNames(['rotate', word], names)).toThrow(
      expect.objectContaining({ message, hint, exit: 2, code: 'no-task' }),
    )
  })

  test('several arguments select what each of them selects', () => {
    const name = fc.stringMatching(/^[a-c.-]{1,4}$/)
    const word = fc.stringMatching(/^[a-c.*?-]{1,4}$/)
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.array(word), (all, words) => {
        const known = words.filter((each) => all.some((one) => isSelected([each], one)))
        const each = new Set(known.flatMap((one) => selectNames([one], all)))
        expect(selectNames(known, all)).toEqual(all.filter((one) => each.has(one)))
      }),
    )
  })
})
