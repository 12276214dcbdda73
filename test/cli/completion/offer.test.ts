import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { optionsOf } from '../../../src/cli/command.ts'
import { readBefore } from '../../../src/cli/completion/before.ts'
import { type LookUp, offerAt, thingsAt, wordThings } from '../../../src/cli/completion/offer.ts'
import { readTyped } from '../../../src/cli/completion/typed.ts'
import { options } from '../../../src/cli/args/options.ts'
import { outcomes } from '../../../src/plan/history-row.ts'

/** Of each kind of thing there is one, named after it. */
const lookUp: LookUp = async (thing) => [{ value: `a-${thing}`, about: '' }]

async function offered(line: string) {
  const typed = readTyped(`torch ${line}`)
  const { candidates, paths } = await offerAt(readBefore(typed.words), typed.current, lookUp)
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
  const names = Object.keys(commands)
  test('all of them where none is there yet, with what they do', async () => {
    const { candidates } = await offered('--json ')
    expect(candidates.map(({ value }) => value)).toEqual([...names, 'help', '--help', '--version'])
    for (const { about } of candidates) expect(about).not.toBe('')
  })

  test('and behind help, but nothing else there', async () => {
    expect((await offered('help ')).values).toEqual(names)
  })
})

describe('options', () => {
  test.each(Object.keys(commands))('of %s, as in its help', async (name) => {
    const command = await commands[name]?.load()
    const known = command === undefined ? [] : optionsOf(command)
    const { candidates } = await offered(`${name} --`)
    expect(candidates.map(({ value }) => value)).toEqual(
      [...known, 'help'].map((each) => `--${each}`),
    )
    for (const { about } of candidates) expect(about).not.toBe('')
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

describe('what a usage says of each word', () => {
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
  ])('%s, word %i', (usage, index, things) => {
    expect(thingsAt(usage, index).map(({ thing }) => thing)).toEqual(things)
  })

  // A command that is new is completed at once, or this asks what its word stands for.
  test.each(Object.entries(commands))('%s: its capitals are known', (_name, { words }) => {
    for (const [name] of words.matchAll(/[A-Z]+/g)) expect(wordThings).toHaveProperty(name)
  })
})

test('every option that takes a path, a choice or labels says so', () => {
  const things = Object.entries(options).map(([name, option]) => [
    name,
    'thing' in option ? option.thing : undefined,
  ])
  expect(Object.fromEntries(things)).toMatchObject({
    home: 'folder',
    tasks: 'file',
    config: 'file',
    label: 'label',
    outcome: outcomes,
    'log-level': expect.arrayContaining(['debug']),
    signal: expect.arrayContaining(['HUP', 'TERM']),
  })
})
