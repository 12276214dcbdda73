import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { closeSites, newSite, script, type Site } from '../support/torch.ts'
import { maxTestMs } from '../support/daemon.ts'

vi.setConfig({ testTimeout: maxTestMs })
afterEach(closeSites)

/** Node makes the descriptors that it inherits close-on-exec, up to the first gap. */
const leaked = [3, 4, 20, 251]

/** Starts torch as a careless program would: with open files, ignored signals and a umask of 000. */
async function startCarelessly(site: Site): Promise<void> {
  const file = fs.openSync(site.tasks, 'r')
  const stdio = Array.from({ length: Math.max(...leaked) + 1 }, (_, descriptor) =>
    leaked.includes(descriptor) ? file : ('ignore' as const),
  )
  const shell = `trap '' HUP INT QUIT PIPE TERM CHLD USR1 USR2; umask 000; exec "$@"`
  const words = [process.execPath, script, 'start', '--home', site.home, '--tasks', site.tasks]
  const env = { PATH: process.env['PATH'], HOME: site.folder, SECRET: 'of the starter' }
  const child = spawn('/bin/sh', ['-c', shell, 'sh', ...words], { stdio, env })
  fs.closeSync(file)
  expect(await once(child, 'exit')).toEqual([0, null])
}

const looks = {
  descriptors: 'ls /proc/$$/fd; true',
  signals: `sed -n 's/^Sig\\(Blk\\|Ign\\|Cgt\\):.//p' /proc/self/status`,
  umask: 'umask',
  names: 'env | sed "s/=.*//" | sort | tr "\\n" " "',
}

test('a task gets the same environment, whoever started the daemon', async () => {
  const tasks = Object.entries(looks).map(
    ([name, command]) => `  ${name}: { schedule: "@yearly", command: ${JSON.stringify(command)} }`,
  )
  const list = '  list: { schedule: "@yearly", command: [ls, /proc/self/fd] }'
  const site = newSite(`tasks:\n${[...tasks, list].join('\n')}\n`)
  await startCarelessly(site)

  const outputOf = async (name: string): Promise<string> => (await site.torch('run', name)).stdout
  expect(await outputOf('descriptors')).toBe('0\n1\n2\n')
  // Descriptor 3 is the folder that ls itself reads.
  expect(await outputOf('list')).toBe('0\n1\n2\n3\n')
  expect(await outputOf('signals')).toBe(`${'0'.repeat(16)}\n`.repeat(3))
  expect(await outputOf('umask')).toBe('0022\n')
  expect(await outputOf('names')).toBe(
    'HOME LANG LOGNAME PATH PWD SHELL TORCH_ATTEMPT TORCH_HOME TORCH_HOST TORCH_RUN_ID TORCH_SLOT TORCH_TASK TZ USER ',
  )
  for (const folder of ['', '/runs', '/runs/umask'])
    expect(fs.statSync(site.home + folder).mode & 0o777).toBe(0o700)
  // The parent ignored TERM, but TERM still stops the daemon.
  process.kill(site.pid() ?? 0, 'SIGTERM')
  await expect.poll(() => site.living(), { timeout: 10_000 }).toEqual([])
})
