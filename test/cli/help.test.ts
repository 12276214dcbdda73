import { afterEach, describe, expect, test } from 'vitest'
import { commands, overview } from '../../src/cli/commands.ts'
import { parseWords } from '../../src/cli/args/parse.ts'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)

describe('torch --help', () => {
  const lines = overview().split('\n')
  test('fits a screen', () => {
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  test.each(Object.keys(commands))('names %s', (name) => {
    const usage = `  ${name} ${commands[name]?.words}`.trimEnd()
    expect(lines.filter((line) => line.startsWith(`${usage}  `))).toHaveLength(1)
  })

  test.each(['--help', '-h', 'help'])('is shown by %s', async (word) => {
    expect(await newSite().torch(word)).toMatchObject({
      status: 0,
      stdout: `${overview()}\n`,
      stderr: '',
    })
  })

  test('goes to standard error where no command is given, which is wrong usage', async () => {
    expect(await newSite().torch()).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `${overview()}\n`,
    })
  })
})

describe('the help of a command', () => {
  test.each(Object.keys(commands))('%s: at most 80 wide, and ends with examples', async (name) => {
    const parsed = await parseWords([name, '--help'])
    const text = parsed.kind === 'help' ? parsed.text : ''
    const lines = text.split('\n')
    expect(lines[0]).toBe(`torch ${name} ${commands[name]?.words}`.trimEnd() + ' [OPTIONS]')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(text.slice(text.indexOf('\nExamples:\n'))).toContain(`\n  torch ${name}`)
  })

  test.each([
    ['stop', '--help'],
    ['stop', '-h'],
    ['help', 'stop'],
  ])('comes with %s %s', async (...words) => {
    const { status, stdout, stderr } = await newSite().torch(...words)
    expect([status, stdout.split('\n')[0], stderr]).toEqual([0, 'torch stop [OPTIONS]', ''])
  })
})

test.each(['--version', '-V', '-v'])('torch %s', async (word) => {
  expect((await newSite().torch(word)).stdout).toMatch(/^torch \d+\.\d+\.\d+\n$/)
})
