import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite, root, script, type Site } from '../../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const fixtures = path.join(root, 'test/import/crontab')
const isRoot = process.getuid?.() === 0
const head = '# yaml-language-server: $schema=tasks.schema.json\n'

/** Puts a fake `crontab` first in the PATH. */
function withCrontab(site: Site, lines: string): { env: { PATH: string } } {
  fs.chmodSync(site.write('bin/crontab', `#!/bin/sh\n${lines}\n`), 0o755)
  return { env: { PATH: `${path.join(site.folder, 'bin')}:${process.env['PATH']}` } }
}

/** Runs a line of shell with the real torch. */
function shell(site: Site, line: string) {
  const torch = `torch() { "${process.execPath}" "${script}" "$@"; }`
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', `${torch}; ${line}`], {
    cwd: site.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: site.folder, TORCH_HOME: site.home, TZ: 'UTC' },
  })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

describe.concurrent('torch import crontab', () => {
  test('torch import crontab of a hundred lines prints a valid tasks file', async () => {
    const site = newSite()
    const file = path.join(fixtures, 'crontab.txt')
    const { status, stdout, stderr } = await site.torch('import', 'crontab', file)
    expect([status, stderr]).toEqual([
      0,
      `warning: line 7: not imported: torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure
warning: line 77: the command tests for the last day of the month; the schedule "0 12 L * *" is due only on that day
warning: line 123: the text after % is input for the command, as in cron, but a quote before it is not closed
imported 93 tasks, with 3 warnings
`,
    ])
    site.write('tasks.yaml', stdout)
    expect(await site.torch('validate')).toMatchObject({
      status: 0,
      stdout: 'tasks.yaml is valid: 93 tasks\n',
      stderr: '',
    })
    const next = await site.torch('next', '--from', '2026-03-07T00:00:00Z')
    expect(next.stdout.trimEnd().split('\n')).toHaveLength(2 + 91)
  })

  test.skipIf(!isRoot)('torch import crontab /etc/crontab gives each task its user', async () => {
    const site = newSite()
    const text = fs.readFileSync(path.join(fixtures, 'system-crontab.txt'), 'utf8')
    const file = site.write('etc/crontab', text.replace(/^# Example[^]*executed\n/m, ''))
    const { status, stdout, stderr } = await site.torch('import', 'crontab', file)
    expect([status, stderr]).toEqual([0, 'imported 8 tasks, with 0 warnings\n'])
    expect(stdout).toContain('    user: www-data\n')
    site.write('tasks.yaml', stdout)
    expect((await site.torch('validate')).stdout).toBe('tasks.yaml is valid: 8 tasks\n')
  })

  test('torch import crontab without a file imports what crontab -l prints', async () => {
    const site = newSite()
    const options = withCrontab(site, '[ "$*" = -l ] && echo "@daily root x"')
    expect(await site.torchWith(options, 'import', 'crontab')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('\n    command: root x\n'),
      stderr: 'imported 1 task, with 0 warnings\n',
    })
  })

  test.each([
    [
      'of a user without a crontab',
      'echo "no crontab for ben" >&2; exit 1',
      'torch: crontab -l: no crontab for ben\nhint: name a file: torch import crontab /etc/crontab\n',
    ],
    [
      'without the program crontab',
      undefined,
      'torch: the program "crontab" is missing or does not answer\nhint: name a file: torch import crontab /etc/crontab\n',
    ],
  ])('torch import crontab %s exits with 1', async (_who, lines, stderr) => {
    const site = newSite()
    const options = lines === undefined ? { env: { PATH: site.folder } } : withCrontab(site, lines)
    const ended = await site.torchWith(options, 'import', 'crontab')
    expect(ended).toMatchObject({ status: 1, stdout: '', stderr })
  })

  test('torch import crontab reads standard input from a pipe or a file', () => {
    const site = newSite()
    site.write('mine', '@daily one\n')
    for (const line of [
      'torch import crontab - < mine',
      'torch import crontab < mine',
      'cat mine | torch import crontab',
    ]) {
      const { status, stdout, stderr } = shell(site, line)
      expect([line, status, stderr]).toEqual([line, 0, 'imported 1 task, with 0 warnings\n'])
      expect(stdout).toContain('\n  one:\n')
    }
  })

  test('torch import crontab guesses whether lines name a user, and says so', async () => {
    const site = newSite()
    site.write('a', '@daily root x\n@hourly root y\n')
    const guessed = await site.torch('import', 'crontab', 'a')
    expect(guessed.stdout).toContain('\n  user: root\n')
    expect(guessed.stderr).toContain(
      'torch: line 1: "root" is read as the user of the job, as in /etc/crontab; if it is the program, use --system=false\n',
    )
    const chosen = await site.torch('import', 'crontab', 'a', '--system=false')
    expect(chosen.stdout).toContain('\n    command: root x\n')
    expect(chosen.stderr).toBe('imported 2 tasks, with 0 warnings\n')

    site.write('c', '@daily daemon x\n')
    const unclear = await site.torch('import', 'crontab', 'c')
    expect(unclear).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'torch: line 1: "daemon" is an account, but may also be the program of the job\n' +
        'hint: use --system if it is the user of the job, as in /etc/crontab, else --system=false\n',
    })

    site.write('b', '@daily root x\n@hourly /bin/y\n')
    const mixed = await site.torch('import', 'crontab', 'b')
    expect(mixed.stdout).toContain('\n    command: root x\n')
    expect(mixed.stderr).toContain(
      'torch: line 1: "root" is read as the program; if it is the user of the job, as in /etc/crontab, use --system\n',
    )
    const system = await site.torch('import', 'crontab', 'b', '--system')
    expect(system.stderr).toContain(
      'warning: line 2: not imported: there is no command after the user\n',
    )
  })

  test('torch import crontab --json prints the file and the warnings', async () => {
    const site = newSite()
    site.write('cron.d/x', 'MAILTO=me\n@daily root x\n')
    const { status, stdout } = await site.torch('import', 'crontab', 'cron.d/x', '--json')
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      {
        yaml: expect.stringMatching(/^# yaml-language-server: .*\n\n[^]*\n {2}user: root\n/),
        tasks: 1,
        warnings: [
          {
            line: 1,
            message:
              'not imported: torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
          },
        ],
      },
    ])
  })

  test.each([
    [
      'nowhere',
      1,
      'torch: the file nowhere does not exist\nhint: torch import --help shows what can be imported\n',
    ],
    ['.', 1, 'torch: . is a directory\nhint: name one of the files in it\n'],
    [
      '/dev/zero',
      1,
      'torch: /dev/zero is larger than 1 MB, too large to import\nhint: is it the right file?\n',
    ],
    [
      process.execPath,
      1,
      `torch: ${process.execPath} is larger than 1 MB, too large to import\nhint: is it the right file?\n`,
    ],
    [
      'junk',
      2,
      'junk: this is not a crontab: it contains the control character U+0000\ntorch: junk cannot be imported (1 problem)\nhint: is it the right file? torch import --help\n',
    ],
  ])('torch import crontab %s is refused', async (file, status, stderr) => {
    const site = newSite()
    site.write('junk', '@daily \0\n')
    expect(await site.torch('import', 'crontab', file)).toMatchObject({
      status,
      stdout: '',
      stderr,
    })
  })
})

describe.concurrent('torch import gotorch', () => {
  test('torch import gotorch prints a tasks file with notes and warnings', async () => {
    const site = newSite()
    site.write('task.json', '[{"Command": "php /x.php", "Times": "0 */5 * * * *", "Max": 1}]')
    const { status, stdout, stderr } = await site.torch('import', 'gotorch', 'task.json')
    expect([status, stdout]).toEqual([
      0,
      `${head}
tasks:
  # Note: gotorch never started this task, because single values and ranges match nothing there; torch starts it
  x:
    schedule: '0 */5 * * * *'
    command: [php, /x.php]
`,
    ])
    expect(stderr)
      .toBe(`warning: line 1: gotorch never started this task, because single values and ranges match nothing there; torch starts it
imported 1 task, with 1 warning
`)
  })

  test('torch import gotorch of a bad file shows the place of each problem', async () => {
    const site = newSite()
    site.write('task.json', '[\n  {"Max": "3"}\n]')
    expect(await site.torch('import', 'gotorch', 'task.json')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `task.json:2:11: [0].Max: expected a whole number; got "3"
  {"Max": "3"}
          ^
torch: task.json cannot be imported (1 problem)
hint: is it the right file? torch import --help
`,
    })
  })
})

test.each([
  [['import'], 'torch import needs a FORMAT', 'torch import FORMAT [FILE]'],
  [['import', 'crontabs'], 'torch cannot import from "crontabs"', 'did you mean "crontab"?'],
  [
    ['import', 'systemd'],
    'torch cannot import from "systemd"',
    'torch imports from crontab or gotorch',
  ],
  [['import', 'gotorch'], 'import gotorch needs a file', 'torch import gotorch task.json'],
  [['import', 'gotorch', 'x', '--system'], '--system is only for import crontab', 'leave it out'],
])('torch %j is refused', async (words, message, hint) => {
  expect(await newSite().torch(...words)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: `torch: ${message}\nhint: ${hint}\n`,
  })
})
