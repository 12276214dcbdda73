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

describe('Candidates for an argument or a value', () => {
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
  ])('after "torch %s" the candidates are %j', async (line, values) => {
    const offer = await offered(line)
    expect(offer).toMatchObject({ values, paths: 'none' })
  })

  test('a task is not offered twice on one line', async () => {
    expect((await offered('next a-task ')).values).not.toContain('a-task')
  })
})

describe('Paths', () => {
  test.each([
    ['validate ', 'files'],
    ['--tasks ', 'files'],
    ['status --tasks=ta', 'files'],
    ['status --home ', 'folders'],
    ['status --home=/sr', 'folders'],
  ])('after "torch %s" the shell completes %s', async (line, paths) => {
    expect(await offered(line)).toMatchObject({ paths, values: [] })
  })
})

describe('Commands', () => {
  const names = commands.map(({ name }) => name)
  test('all commands are candidates before the first one is typed, with descriptions', async () => {
    const { candidates } = await offered('--json ')
    expect(candidates.map(({ value }) => value)).toEqual([...names, 'help', '--help', '--version'])
    for (const { description } of candidates) expect(description).not.toBe('')
  })

  test('after help only commands are candidates', async () => {
    expect((await offered('help ')).values).toEqual(names)
  })
})

describe('Options', () => {
  test.each(commands)(
    'torch $name -- has the options of its help, with descriptions',
    async (command) => {
      const known = optionsOf(command)
      const { candidates } = await offered(`${command.name} --`)
      expect(candidates.map(({ value }) => value)).toEqual(
        [...known, 'help'].map((each) => `--${each}`),
      )
      for (const { description } of candidates) expect(description).not.toBe('')
    },
  )

  test('an option that was given is not a candidate again, unless it is repeatable', async () => {
    const { values } = await offered('next --count 2 --label a=b --')
    expect(values).not.toContain('--count')
    expect(values).toContain('--label')
  })

  test('one-letter options are candidates after a single dash', async () => {
    expect((await offered('logs backup -')).values).toContain('-f')
    expect((await offered('logs backup --')).values).not.toContain('-f')
  })

  test('options are candidates where a command takes no more arguments, but not after --', async () => {
    expect((await offered('stop ')).values).toContain('--grace')
    expect((await offered('run backup ')).values).toContain('--detach')
    expect((await offered('run backup -- ')).values).toEqual([])
  })

  test('before the command the common options and --version are candidates', async () => {
    const all = ['--home', '--tasks', '--config', '--json', '--verbose', '--help', '--version']
    expect((await offered('--')).values).toEqual(all)
  })
})

describe('The kinds of an argument', () => {
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
    ['UNKNOWN', 0, [undefined]],
  ])('the usage %j says what the argument %i may be', (usage, index, values) => {
    expect(valuesAt({ usage }, index).map(({ type, choices }) => choices ?? type)).toEqual(values)
  })

  // Fails for a new command whose argument completion does not know.
  test.each(commands)('completion knows the arguments of torch $name', (command) => {
    for (const { names } of argumentsOf(command))
      for (const name of names)
        // A word in lower case stands for itself.
        if (name !== name.toLowerCase()) expect(argumentValues).toHaveProperty(name)
  })
})

test('options have the type of their value or its choices', () => {
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
