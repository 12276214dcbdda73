import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { argumentsOf, optionsOf } from '../../../src/cli/command.ts'
import { parseSoFar, splitLine } from '../../../src/cli/completion/typed-line.ts'
import {
  argumentValues,
  type LookUp,
  offerAt,
  valuesAt,
} from '../../../src/cli/completion/candidates.ts'
import { optionNamed, optionNames } from '../../../src/cli/args/options.ts'
import { outcomes } from '../../../src/plan/history-row.ts'

/** One name of each type that completion knows names of. */
const lookUp: LookUp = async (type) =>
  type === 'time' ? [] : [{ value: `a-${type}`, description: '' }]

async function offered(line: string) {
  const typed = splitLine(`torch ${line}`)
  const { candidates, paths } = await offerAt(parseSoFar(typed.words), typed.current, lookUp)
  return { values: candidates.map(({ value }) => value), paths, candidates }
}

describe('the names that there are', () => {
  test.each([
    ['status ', ['a-task']],
    ['status ba', ['a-task']],
    ['next a b ', ['a-task']],
    ['kill ', ['a-task', 'a-run']],
    ['run --force ', ['a-task']],
    ['run -- ', ['a-task']],
    ['logs --run ', ['a-run']],
    ['logs --run=2026', ['--run=a-run']],
    ['next --label ', ['a-label']],
    ['next --label=team=d', ['--label=a-label']],
    ['next --host ', ['a-host']],
    ['next --timezone ', ['a-zone']],
    ['history --outcome ', outcomes],
    ['history --outcome=fa', outcomes.map((each) => `--outcome=${each}`)],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['next --from ', []],
    ['nonsense ', []],
    ['help status ', []],
  ])('torch %s', async (line, values) => {
    const offer = await offered(line)
    expect(offer).toMatchObject({ values, paths: 'none' })
  })

  test('a task is not offered twice on one line', async () => {
    expect((await offered('next a-task ')).values).not.toContain('a-task')
  })
})

describe('paths are left to the shell', () => {
  test.each([
    ['validate ', 'files'],
    ['--tasks ', 'files'],
    ['status --tasks=ta', 'files'],
    ['status --home ', 'folders'],
    ['status --home=/sr', 'folders'],
  ])('torch %s', async (line, paths) => {
    expect(await offered(line)).toMatchObject({ paths, values: [] })
  })
})

describe('commands', () => {
  const names = commands.map(({ name }) => name)
  test('all of them where none is there yet, with what they do', async () => {
    const { candidates } = await offered('--json ')
    expect(candidates.map(({ value }) => value)).toEqual([...names, 'help', '--help', '--version'])
    for (const { description } of candidates) expect(description).not.toBe('')
  })

  test('and behind help, but nothing else there', async () => {
    expect((await offered('help ')).values).toEqual(names)
  })
})

describe('options', () => {
  test.each(commands)('of $name, as in its help', async (command) => {
    const known = optionsOf(command)
    const { candidates } = await offered(`${command.name} --`)
    expect(candidates.map(({ value }) => value)).toEqual(
      [...known, 'help'].map((each) => `--${each}`),
    )
    for (const { description } of candidates) expect(description).not.toBe('')
  })

  test('not those that are given already, unless they may be given again', async () => {
    const { values } = await offered('next --count 2 --label a=b --')
    expect(values).not.toContain('--count')
    expect(values).toContain('--label')
  })

  test('by their letters too where nothing but a dash is there', async () => {
    expect((await offered('logs backup -')).values).toContain('-f')
    expect((await offered('logs backup --')).values).not.toContain('-f')
  })

  test('also where a command takes no more words', async () => {
    expect((await offered('stop ')).values).toContain('--grace')
    expect((await offered('run backup ')).values).toContain('--detach')
    expect((await offered('run backup -- ')).values).toEqual([])
  })

  test('before the command those of all, and --version', async () => {
    const all = ['--home', '--tasks', '--config', '--json', '--verbose', '--help', '--version']
    expect((await offered('--')).values).toEqual(all)
  })
})

describe('what an argument may be', () => {
  test.each([
    ['', 0, []],
    ['TASK', 0, ['task']],
    ['TASK', 1, []],
    ['[TASK...]', 3, ['task']],
    ['TASK|RUN', 0, ['task', 'run']],
    ['[REV [REV]]', 1, ['revision']],
    ['[REV [REV]]', 2, []],
    ['crontab|gotorch [FILE]', 0, [['crontab'], ['gotorch']]],
    ['crontab|gotorch [FILE]', 1, ['file']],
    ['WHATEVER', 0, [undefined]],
  ])('the usage %j says what the argument %i may be', (usage, index, values) => {
    expect(valuesAt({ usage }, index).map(({ type, choices }) => choices ?? type)).toEqual(values)
  })

  // A new command is completed at once, or this test asks what its argument is.
  test.each(commands)('completion knows the arguments of torch $name', (command) => {
    for (const { names } of argumentsOf(command))
      for (const name of names) expect(argumentValues).toHaveProperty(name)
  })
})

test('options that take a path, a choice or a label say so', () => {
  const values = optionNames.map((name) => {
    const { type, choices } = optionNamed(name)
    return [name, choices ?? type]
  })
  expect(Object.fromEntries(values)).toMatchObject({
    home: 'directory',
    tasks: 'file',
    config: 'file',
    label: 'label',
    outcome: outcomes,
    'log-level': expect.arrayContaining(['debug']),
    signal: expect.arrayContaining(['HUP', 'TERM']),
  })
})
