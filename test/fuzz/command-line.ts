import assert from 'node:assert/strict'
import fc from 'fast-check'
import { commands } from '../../src/cli/commands.ts'
import { optionsOf } from '../../src/cli/command.ts'
import { parseSoFar, splitLine } from '../../src/cli/completion/typed-line.ts'
import { formats } from '../../src/cli/completion/complete.ts'
import { offerAt } from '../../src/cli/completion/candidates.ts'
import { shells } from '../../src/cli/completion/shells.ts'
import { showFailure } from '../../src/cli/terminal/terminal.ts'
import { flagName, optionNames } from '../../src/cli/args/options.ts'
import { parseCommandLine } from '../../src/cli/args/command-line.ts'
import { resolveOptions } from '../../src/cli/args/precedence.ts'
import { exitStatus, TorchError } from '../../src/errors.ts'
import { fakeTerminal } from '../support/here.ts'
import { words as oddWords } from './tasks-settings.ts'
import type { Target } from './target.ts'

const base = { folder: '/srv', userHome: '/root' }
const value = fc.oneof(
  fc.constantFrom(
    '5',
    '-5',
    '0',
    'abc',
    '30s',
    '1h30m',
    'team=data',
    '=',
    'UTC',
    '10.0.0.1',
    'true',
  ),
  fc.constantFrom(
    '2026-03-08T07:00:00Z',
    '2026-99-99',
    '@daily',
    'failed,ok',
    'TERM',
    '~/x',
    '1e9',
    '9'.repeat(40),
  ),
  oddWords,
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const flag = fc.oneof(
  fc.constantFrom(...optionNames).map((name) => `--${name}`),
  fc.constantFrom(
    '-n',
    '-f',
    '-h',
    '-fn',
    '-x',
    '-',
    '--',
    '---',
    '--=',
    '--__proto__',
    '--help',
    '--no-json',
    '--jsno',
  ),
  fc.stringMatching(/^--?[a-z=-]{0,6}$/),
)
const word = fc.oneof(
  { arbitrary: flag, weight: 4 },
  { arbitrary: fc.tuple(flag, value).map((pair) => pair.join('=')), weight: 3 },
  { arbitrary: value, weight: 3 },
)
const names = fc.oneof(
  { arbitrary: fc.constantFrom(...commands.map(({ name }) => name)), weight: 12 },
  { arbitrary: fc.oneof(value, fc.constantFrom('stauts', 'constructor', '')), weight: 1 },
)
const lines = fc
  .tuple(names, fc.array(word, { maxLength: 6 }))
  .map(([name, rest]) => [name, ...rest])

/** Any words after `torch` are a valid call, or a usage error of two lines; never a stack trace. */
export const commandLine: Target = {
  name: 'command-line',
  share: 120,
  start: () => ({ property: fc.asyncProperty(lines, isUnderstood), close() {} }),
}

async function isUnderstood(typed: readonly string[]): Promise<void> {
  const { terminal, status } = await read(typed)
  const stderr = terminal.stderr()
  assert.equal(terminal.stdout(), '')
  assert.ok(status === exitStatus.done ? stderr === '' : status === exitStatus.usage, stderr)
  if (status === exitStatus.usage) {
    assert.match(stderr, /^torch: [^\n]+\n(?:hint: [^\n]+\n)?$/)
    assert.doesNotMatch(stderr, /[^\P{Cc}\n]/u, 'a control character')
  }
}

/** Parses the words as runCommand() does, but does not run the command. */
async function read(typed: readonly string[]) {
  const terminal = fakeTerminal()
  try {
    const parsed = parseCommandLine(typed)
    if (parsed.kind === 'call') {
      const written = { kind: 'flag' as const, base, raw: parsed.raw, nameOf: flagName }
      resolveOptions(optionsOf(parsed.command), [written], 'torch --help')
    }
    return { terminal, status: exitStatus.done }
  } catch (error) {
    assert.ok(error instanceof TorchError, error instanceof Error ? error.stack : String(error))
    return { terminal, status: showFailure(terminal, error, false) }
  }
}

const shellPieces = fc.constantFrom(
  'torch ',
  'status ',
  'logs ',
  '--',
  '--home',
  '=',
  ' ',
  '"',
  "'",
  '\\',
  ':',
  '-n',
  'a',
  '\t',
  '$',
  '\n',
  'é',
  '--task',
  'import ',
  'crontab',
)
const shellLines = fc.record({
  line: fc.array(shellPieces, { maxLength: 10 }).map((pieces) => pieces.join('')),
  breaks: fc.constantFrom('', '"\'><=;|&(:'),
  shell: fc.constantFrom(...shells),
})

/** Completion at any cursor prints valid lines for the shell. */
export const completion: Target = {
  name: 'completion',
  share: 60,
  start: () => ({ property: fc.asyncProperty(shellLines, isOffered), close() {} }),
}

async function isOffered({
  line,
  breaks,
  shell,
}: {
  line: string
  breaks: string
  shell: (typeof shells)[number]
}): Promise<void> {
  const typed = splitLine(line, breaks)
  assert.ok(line.length === 0 || typed.current.length <= line.length)
  const offer = await offerAt(parseSoFar(typed.words), typed.current, async () => [])
  for (const each of formats[shell](offer, typed)) assert.doesNotMatch(each, /\n/)
}
