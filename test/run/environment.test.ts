import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newBench } from './support.ts'

const isRoot = process.getuid?.() === 0

/** The output of a command that runs as a task. */
async function seen(
  command: string | string[],
  task: object = {},
  start: object = {},
): Promise<string> {
  const bench = newBench()
  const run = bench.start({ command, ...task }, start)
  const conclusion = await bench.ended(run)
  expect(conclusion).toMatchObject({ outcome: 'ok' })
  return bench.output(run)
}

describe('the environment of a run', () => {
  test('a run has a clean environment, with no variable of the daemon', async () => {
    process.env['TORCH_TEST_SECRET'] = 'leaked'
    const env = await seen(['/usr/bin/env'], {
      env: { GREETING: 'hi there' },
      timezone: 'Asia/Shanghai',
    })
    delete process.env['TORCH_TEST_SECRET']
    const names = env
      .trim()
      .split('\n')
      .map((line) => line.replace(/=.*/, ''))
    const ours = [
      'GREETING',
      'HOME',
      'LANG',
      'LOGNAME',
      'PATH',
      'SHELL',
      'TORCH_ATTEMPT',
      'TORCH_HOME',
      'TORCH_HOST',
    ]
    const rest = ['TORCH_RUN_ID', 'TORCH_SLOT', 'TORCH_TASK', 'TZ', 'USER']
    // What a shell adds of its own.
    const added = ['PWD', 'SHLVL', '_']
    expect(names.filter((name) => !added.includes(name)).toSorted()).toEqual([...ours, ...rest])
    expect(env).toContain('GREETING=hi there\n')
    expect(env).toContain('TZ=Asia/Shanghai\n')
    expect(env).toContain('SHELL=/bin/sh\n')
    expect(env).toContain('TORCH_TASK=job\n')
    expect(env).toContain('TORCH_SLOT=1970-01-01T00:01:40Z\n')
    expect(env).toContain('TORCH_ATTEMPT=1\n')
    expect(env).toContain('TORCH_HOST=host\n')
  })

  test('the names of sockets that have none are torch, as systemd takes the name of the unit', async () => {
    const listen = (...names: (string | undefined)[]) =>
      names.map((name, at) => ({ kind: 'tcp', host: undefined, port: at, text: '', name }) as const)
    const command = 'echo $LISTEN_FDS $LISTEN_FDNAMES'
    expect(await seen(command, { listen: listen('web', undefined, 'admin') })).toBe(
      '3 web:torch:admin\n',
    )
    expect(await seen(command, {})).toBe('\n')
  })

  test('a run keeps its variables even if the script of the recorder has variables of that name', async () => {
    const names = ['run', 'cwd', 'mask', 'self', 'step', 'status']
    const env = Object.fromEntries(names.map((name) => [name, `of the task: ${name}`]))
    const lines = (await seen(['/usr/bin/env'], { env })).split('\n')
    expect(lines).toEqual(expect.arrayContaining(names.map((name) => `${name}=${env[name]}`)))
  })

  test('env overrides env_file, and neither can change the TORCH_ variables', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-env-'))
    const envFile = path.join(folder, 'env')
    fs.writeFileSync(envFile, 'A=file\nB=file\n')
    const words = await seen('echo $A $B $TORCH_TASK', {
      envFile,
      env: { B: 'env', TORCH_TASK: 'forged' },
    })
    fs.rmSync(folder, { recursive: true })
    expect(words).toBe('file env job\n')
  })

  test('a run has a session and a process group of its own', async () => {
    const [pid, group, session, ours] = (
      await seen(
        'read -r pid comm state ppid group session rest </proc/self/stat; echo $pid $group $session $ppid',
      )
    )
      .trim()
      .split(' ')
    expect(group).toBe(session)
    expect(group).toBe(ours)
    expect(pid).not.toBe(group)
  })

  test('a run reads nothing, and both its outputs go to one file in the order of the writes', async () => {
    expect(await seen('cat; echo one; echo two >&2; echo three')).toBe('one\ntwo\nthree\n')
  })

  test('a run has no descriptor of the daemon', async () => {
    const ours = Array.from({ length: 20 }, () => fs.openSync('/dev/null', 'r'))
    const list = await seen(['/bin/sh', '-c', 'ls /proc/$$/fd'])
    for (const descriptor of ours) fs.closeSync(descriptor)
    expect(list).toContain('0\n1\n2\n')
    expect(list.split('\n').filter((name) => ours.includes(Number(name || -1)))).toEqual([])
  })

  test('a run has the default handling of all signals', async () => {
    const masks = await seen(['/bin/grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'])
    expect(masks.match(/0{16}/g)).toHaveLength(2)
  })

  test('a run has a soft limit of 1024 open files', async () => {
    expect(await seen('ulimit -Sn')).toBe('1024\n')
  })

  test('a run starts in the home directory of its user, with umask 022', async () => {
    const home = process.env['HOME'] ?? os.userInfo().homedir
    expect(await seen('pwd; umask')).toBe(`${fs.realpathSync(home)}\n0022\n`)
  })

  test('a run has the cwd, umask, nice and limits of its task', async () => {
    const task = { cwd: '/usr', umask: 0o077, nice: 5, limits: { nofile: 99, core: 0, cpu: 100 } }
    expect(await seen('pwd; umask; nice; ulimit -n; ulimit -t', task)).toBe(
      // nice(1) adds to the niceness of whoever runs the tests.
      `/usr\n0077\n${Math.min(os.getPriority() + 5, 19)}\n99\n100\n`,
    )
  })

  test('a command that is a list is executed without a shell', async () => {
    expect(await seen(['/bin/echo', '$HOME', '*', 'a b'])).toBe('$HOME * a b\n')
  })

  test.runIf(isRoot)(
    'a run as another user has the groups of that user and none of root',
    async () => {
      const ids = await seen('id -un; id -gn; grep Groups /proc/self/status; echo $USER $HOME', {
        user: 'nobody',
        cwd: '/',
      })
      const [name, group, groups, own] = ids.split('\n')
      expect([name, group]).toEqual(['nobody', 'nogroup'])
      expect(groups?.split(/\s+/)).not.toContain('0')
      expect(own).toBe('nobody /nonexistent')
    },
  )

  test.runIf(isRoot)('a run can have another group and the same user', async () => {
    expect(await seen('id -un; id -gn', { group: 'daemon' })).toBe('root\ndaemon\n')
  })
})

/** Variables that change what a shell or the C library does. */
const hostile = {
  PATH: '/nowhere',
  IFS: 'aeo',
  ENV: '/nowhere/env',
  BASH_ENV: '/nowhere/env',
  LD_LIBRARY_PATH: '/nowhere',
  CDPATH: '/usr',
  PS4: '$(touch /tmp/never)',
}

describe("the task's variables", () => {
  test('a task gets its variables even if they mean something to a shell, also with nice and limits', async () => {
    for (const task of [{}, { nice: 1, limits: { nofile: 512 } }]) {
      const env = { ...hostile, LINES: 'one\ntwo\n', QUOTES: `'"$HOME\\` }
      const text = await seen(['/usr/bin/env', '-0'], { ...task, env })
      const variables = text.split('\0')
      for (const [name, value] of Object.entries(env))
        expect(variables).toContain(`${name}=${value}`)
      expect(variables.filter((each) => /^(TORCH_[VW]_|torch_)/.test(each))).toEqual([])
    }
  })

  test('a recorder has no variable of its task, and no value is an argument of any process', async () => {
    const bench = newBench()
    const run = bench.start({
      command: 'sleep 600',
      env: { LD_DEBUG: 'files', SECRET: 'a-secret-value' },
    })
    await bench.begun(run)
    for (const pid of [run.recorder?.pid, run.collector?.pid]) {
      const variables = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      const names = variables.map((each) => each.replace(/=[^]*/, ''))
      expect(names.filter((name) => !/^(PATH|TORCH_.*|)$/.test(name))).toEqual([])
      expect(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('a-secret-value')
    }
  })

  test("the first word of a list is looked up in the task's PATH, and torch's programs are not", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-path-'))
    onTestFinished(() => fs.rmSync(folder, { recursive: true }))
    for (const name of ['hello', 'nice', 'prlimit', 'setpriv'])
      fs.writeFileSync(path.join(folder, name), `#!/bin/sh\necho ${name} of the task\n`, {
        mode: 0o755,
      })
    fs.chmodSync(folder, 0o755)
    const env = { PATH: `/nowhere:${folder}` }
    const user = isRoot ? { user: 'nobody', cwd: '/' } : {}
    const task = { env, nice: 1, limits: { nofile: 512 }, ...user }
    expect(await seen(['hello'], task)).toBe('hello of the task\n')
    expect(await seen(['hello'], { env })).toBe('hello of the task\n')
  })

  test.each([
    [['nosuch'], 'nosuch was not found'],
    [['plain'], 'its user may not execute '],
    [['./folder'], 'folder is a folder, not a program'],
  ])('a command %j that cannot be found is spawn-failed with the reason', async (command, why) => {
    for (const task of [{}, { nice: 1 }]) {
      const bench = newBench()
      fs.writeFileSync(path.join(bench.home, 'plain'), '')
      fs.mkdirSync(path.join(bench.home, 'folder'))
      const run = bench.start({ command, cwd: bench.home, env: { PATH: bench.home }, ...task })
      const { outcome, reason } = await bench.ended(run)
      expect([outcome, reason]).toEqual(['spawn-failed', expect.stringContaining(why)])
      expect(bench.output(run)).toBe('')
    }
  })

  test.runIf(isRoot)('no capability is inherited by a run as another user', async () => {
    const text = await seen('grep CapInh /proc/self/status', { user: 'nobody', cwd: '/' })
    expect(text).toBe('CapInh:\t0000000000000000\n')
  })
})
