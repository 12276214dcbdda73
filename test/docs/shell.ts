import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type Ended, script, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

/** No command of the docs takes longer; one that does is killed. */
const maxCommandMs = 15_000

/** The address that the machine of the docs has: in no group of the example. */
const address = '192.0.2.1'

/** Puts `torch` where the shell finds it, as an installed one is. */
export function installTorch(site: Site): void {
  fs.mkdirSync(path.join(site.folder, 'bin'))
  fs.symlinkSync(script, path.join(site.folder, 'bin/torch'))
}

/** Runs a line of shell as a person in the folder of the site would; one that follows is ended by Ctrl-C. */
export async function shell(
  site: Site,
  line: string,
  options: { readonly cwd?: string; readonly home?: string } = {},
): Promise<Ended> {
  const { cwd = site.folder, home = site.home } = options
  // What is to be signalled takes the place of the shell: the signal's effect is its own.
  const isSignalled = isFollowing(line) || isForeground(line)
  const child = spawn('sh', ['-c', isSignalled ? `exec ${line}` : line], {
    cwd,
    // A group of its own, as a terminal gives it: Ctrl-C is for all of it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${site.folder}/bin:${process.env['PATH']}`,
      HOME: site.folder,
      TORCH_HOME: home,
      TORCH_ADDRESS: address,
      TZ: 'UTC',
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined) process.kill(-child.pid, name)
  }
  const timer = setTimeout(() => signal('SIGKILL'), maxCommandMs)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, by) => resolve({ status, signal: by, stdout, stderr }))
  })
  if (isFollowing(line)) {
    await until(() => stdout !== '', `output of ${line}`)
    signal('SIGINT')
  }
  if (isForeground(line)) {
    await until(() => fs.existsSync(path.join(home, 'torch.pid')), `the daemon of ${line}`)
    signal('SIGTERM')
  }
  return ended.finally(() => clearTimeout(timer))
}

/** Goes on until somebody ends it. */
export function isFollowing(line: string): boolean {
  return / -f\b/.test(line)
}

function isForeground(line: string): boolean {
  return line.includes('--foreground')
}
