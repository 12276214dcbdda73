import { afterEach, describe, expect, test } from 'vitest'
import { groups } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { commandHelp, describeOption, overview } from '../../src/cli/help.ts'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)

describe('torch --help', () => {
  const lines = overview().split('\n')
  test('torch --help fits 80 columns, and has at most 29 lines', () => {
    expect(lines.length).toBeLessThanOrEqual(29)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  test.each(commands)('torch --help has one line for $name', ({ name, usage, summary }) => {
    const words = `${name} ${usage}`.trimEnd()
    const found = lines.filter((line) => line.slice(8).startsWith(`${words}  `))
    expect(found).toEqual([expect.stringContaining(`  ${summary}`)])
  })

  test('torch --help shows each group once, in front of its first command', () => {
    const shown = lines.flatMap((line) => /^([a-z]+) {2,}\S/.exec(line)?.[1] ?? [])
    expect(shown).toEqual(groups)
  })

  test.each(['--help', '-h', 'help'])('torch %s shows the help', async (word) => {
    expect(await newSite().torch(word)).toMatchObject({
      status: 0,
      stdout: `${overview()}\n`,
      stderr: '',
    })
  })

  test('torch without a command shows the help on standard error and exits with 2', async () => {
    expect(await newSite().torch()).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `${overview()}\n`,
    })
  })
})

describe('the help of a command', () => {
  test.each(commands)(
    'the help of torch $name has its usage, its options and its examples, at most 80 wide',
    async (command) => {
      const text = await commandHelp(command)
      const lines = text.split('\n')
      const { name, usage, options, examples } = command
      expect(lines[0]).toBe(`torch ${name} ${usage}`.trimEnd() + ' [OPTIONS]')
      expect(lines.filter((line) => line.length > 80)).toEqual([])
      const flat = text.replaceAll(/\s+/g, ' ')
      for (const option of options) expect(flat).toContain(`--${option} ${describeOption(option)}`)
      expect(flat).toContain('-h, --help show this help')
      expect(text.slice(text.indexOf('\nExamples:\n'))).toContain(`\n  torch ${examples[0]?.[0]}`)
    },
  )

  test('the help of an option shows the type of its value and its default', () => {
    expect(describeOption('grace')).toMatch(
      / \[duration\] \[default: 30s; for stop: the daemon's own\]$/,
    )
    expect(describeOption('limit')).toMatch(/ \[number\] \[default: 20\]$/)
    expect(describeOption('tasks')).toMatch(/ \[file\]$/)
    expect(describeOption('json')).toBe('print JSON')
  })

  test.each([
    ['stop', '--help'],
    ['stop', '-h'],
    ['help', 'stop'],
  ])('torch %s %s shows the help of torch stop', async (...words) => {
    const { status, stdout, stderr } = await newSite().torch(...words)
    expect([status, stdout.split('\n')[0], stderr]).toEqual([0, 'torch stop [OPTIONS]', ''])
  })
})

test.each(['--version', '-V', '-v'])('torch %s shows the version', async (word) => {
  expect((await newSite().torch(word)).stdout).toMatch(/^torch \d+\.\d+\.\d+\n$/)
})
