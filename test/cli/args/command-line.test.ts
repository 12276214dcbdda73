import { afterEach, describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../../src/cli/args/command-line.ts'
import { wordsOfOthers } from '../../../src/cli/args/other-words.ts'
import { commands } from '../../../src/cli/commands.ts'
import { torchHere } from '../../support/here.ts'
import { closeSites, newSite } from '../../support/torch.ts'

afterEach(closeSites)

/** What was typed, the error, and the hint. */
const wrong: [string, string, string][] = [
  ['stauts', 'unknown command "stauts"', 'did you mean "status"?'],
  ['frobnicate', 'unknown command "frobnicate"', 'torch --help lists the commands'],
  ['--json', 'no command given', 'torch --help lists the commands'],
  ['--vesion', 'no command given', 'did you mean "--version"?'],
  ['status --jsno', 'torch status has no option --jsno', 'did you mean "--json"?'],
  ['status --xyzzy 5', 'torch status has no option --xyzzy', 'torch status --help lists them'],
  [
    'status --__proto__',
    'torch status has no option --__proto__',
    'torch status --help lists them',
  ],
  ['constructor', 'unknown command "constructor"', 'torch --help lists the commands'],
  ['status -n 5', 'torch status has no option -n', 'torch status --help lists them'],
  ['stop --no-leave', 'torch stop has no option --no-leave', 'torch stop --help lists them'],
  ['run one two', 'unexpected argument "two"', 'torch run TASK'],
  [
    'stop now',
    'unexpected argument "now"',
    'torch stop stops the daemon; to end the runs of a task: torch kill now',
  ],
  ['schema now', 'unexpected argument "now"', 'torch schema'],
  [
    'kill -9 backup',
    'torch kill has no option -9',
    'to send a signal, use --signal: torch kill --signal HUP TASK',
  ],
  ['logs', 'torch logs needs a TASK or a RUN', 'torch logs TASK...|RUN'],
  [
    'logs --run 20261129T0415',
    'torch logs needs a TASK or a RUN',
    'a run needs no --run: torch logs 20261129T0415',
  ],
  ['kill', 'torch kill needs a TASK or a RUN', 'torch kill TASK|RUN...'],
  ['plan ', 'an argument is empty', 'torch plan [FILE]'],
  ['import crontab ', 'an argument is empty', 'torch import FORMAT [FILE]'],
]

/** What users of other programs type, and a part of the hint. */
const habits: [string, string][] = [
  ['stat', 'torch status'],
  ['STAT', 'torch status'],
  ['list', 'torch status lists the tasks'],
  ['ls', 'torch status lists the tasks'],
  ['ps -a', 'torch status'],
  ['list-timers', 'torch next'],
  ['log backup', 'torch logs backup'],
  ['cat', 'torch logs TASK'],
  ['tail backup', 'torch logs backup -f'],
  ['tail -f backup', 'torch logs backup -f'],
  ['journal', 'torch logs TASK'],
  ['edit', 'edit the tasks file'],
  ['crontab -e', 'edit the tasks file'],
  ['crontab -l', 'torch status lists the tasks'],
  ['enable backup', 'enabled: true'],
  ['disable backup', 'enabled: false'],
  ['enable', 'torch start starts the daemon'],
  ['disable', 'torch stop'],
  ['version', 'torch --version'],
  ['up -d', 'torch start'],
  ['down', 'torch stop'],
  ['daemon-reload', 'torch reload'],
  ['reload-or-restart', 'torch reload'],
  ['exec backup', 'torch run backup'],
  ['check', 'torch validate'],
  ['tasks.yaml', 'torch start --tasks tasks.yaml'],
  ['start tasks.yaml', 'torch start --tasks tasks.yaml'],
  ['start backup', 'torch run backup'],
  ['stop backup', 'torch kill backup'],
  ['restart consumer', 'torch kill consumer'],
  ['reload ./tasks', 'torch reload --tasks ./tasks'],
  ['doctor tasks.yaml', 'torch doctor --tasks tasks.yaml'],
  ['validate -f tasks.yaml', '--tasks'],
  ['status --host web1', 'torch plan and torch next take --host'],
  ['logs backup --host web1', 'torch plan and torch next take --host'],
  ['status --version', 'torch --version'],
  ['logs backup --tail 5', '-n/--lines'],
  ['history --lines 5', '-n/--limit'],
  ['stop --now', '--grace 0s'],
  ['status --hoem x', 'did you mean "--home"?'],
]

describe('a wrong command line', () => {
  test.each(habits)('torch %s gets a hint with: %s', (typed, hint) => {
    expect(() => parseCommandLine(typed.split(' '))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(hint), exit: 2 }),
    )
  })

  test('no word that gets a hint of its own is a command', () => {
    expect(commands.map(({ name }) => name).filter((name) => name in wordsOfOthers)).toEqual([])
  })

  test.each(wrong)('torch %s is refused: %s', (typed, message, hint) => {
    expect(() => parseCommandLine(typed.split(' '))).toThrow(
      expect.objectContaining({ message, hint, exit: 2 }),
    )
  })

  test('a usage error is two lines on standard error, without a stack', async () => {
    expect(await newSite().torch('stauts')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'torch: unknown command "stauts"\nhint: did you mean "status"?\n',
    })
  })

  test.each([[[]], [['--help']], [['status']]])(
    'torch daemon %j is not a command for people',
    async (words) => {
      expect(await newSite().torch('daemon', ...words)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: 'torch: unknown command "daemon"\nhint: torch start starts the daemon\n',
      })
    },
  )

  test.each([
    [
      ['history', '-n', 'abc'],
      'torch: -n/--limit: expected a whole number from 1 to 1000000; got "abc"\nhint: torch history --help\n',
    ],
    [
      ['logs', 'a', '--lines', 'abc'],
      'torch: -n/--lines: expected a whole number from 0 to 1000000000; got "abc"\nhint: torch logs --help\n',
    ],
  ])('the error of torch %j names the option in both forms', async (words, stderr) => {
    expect(await newSite().torch(...words)).toMatchObject({ status: 2, stdout: '', stderr })
  })

  test('a wrong variable does not matter to a command that does not use it', async () => {
    const env = { TORCH_GRACE: 'soon', TORCH_JSON: 'maybe' }
    const { stderr } = await newSite().torchWith({ env: { TORCH_GRACE: 'soon' } }, 'stop')
    expect(stderr).toMatch(/^torch: no torch daemon is running for /)
    expect((await newSite().torchWith({ env }, 'schema')).status).toBe(0)
    expect((await newSite().torch('stop', '--grace', 'soon')).stderr).toMatch(/^torch: --grace: /)
  })

  test('control characters in what was typed do not reach the terminal', async () => {
    const { stderr } = await torchHere(['next', '--schedule', '\u009b31m * * * *'])
    expect(stderr).toBe(
      'torch: --schedule: minute: "\ufffd31m" is not a minute; minutes are 0-59\n',
    )
    expect((await torchHere(['a\u001b[2J\nb'])).stderr).toBe(
      'torch: unknown command "a\ufffd[2J\ufffdb"\nhint: torch --help lists the commands\n',
    )
  })

  test('a usage error with --verbose has a stack', async () => {
    const { status, stderr } = await newSite().torch('status', '--bogus', '--verbose')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^torch: torch status has no option --bogus\nhint: .*\nTorchError: /)
    expect(stderr).toContain('\n    at ')
  })
})

describe('a command line', () => {
  test.each([
    [
      'options before and after the arguments',
      '--home x status backup --json',
      { home: 'x', json: true },
      ['backup'],
    ],
    ['numbers as they are written', 'status 007', {}, ['007']],
    ['letters typed together', 'logs -fn 5 backup', { follow: true, lines: '5' }, ['backup']],
    [
      'several values',
      'start --address ::1 --address 10.0.0.1',
      { address: ['::1', '10.0.0.1'] },
      [],
    ],
    [
      'a value directly after its letter',
      'history -n5 --json=false',
      { limit: '5', json: 'false' },
      [],
    ],
    ['a value after =', 'history -n=5 --since=-1h', { limit: '5', since: '-1h' }, []],
    ['a forgotten value', 'status --home --json', { home: '' }, []],
    ['a negative value', 'next --count -5', { count: '-5' }, []],
    ['arguments after --', 'logs -- -f', {}, ['-f']],
  ])('parseCommandLine understands %s', (_what, typed, raw, args) => {
    expect(parseCommandLine(typed.split(' '))).toMatchObject({ kind: 'call', raw, args })
  })
})
