import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from './until.ts'

/** A folder of its own for the real binary, with a home and perhaps a tasks file. */
export interface Site {
  readonly folder: string
  readonly home: string
  readonly tasks: string
  /** Runs torch until it ends. */
  torch(...words: string[]): Promise<Ended>
  torchWith(options: Options, ...words: string[]): Promise<Ended>
  /** Starts torch and leaves it running. */
  spawn(words: readonly string[], options?: Options): Running
  write(name: string, text: string): string
  /** The pid in the pidfile. */
  pid(): number | undefined
  /** The processes of this site: torch itself and its runs. */
  living(): number[]
  /** Ends these processes and removes the folder. */
  close(): Promise<void>
}

interface Options {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Runs as another user; only root may do that. */
  readonly uid?: number
  /** Standard input comes from this path, and not from a pipe. */
  readonly stdin?: string
  /** A process that lives longer than this is killed. */
  readonly maxMs?: number
}

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly child: ChildProcess
  /** The output so far. */
  stdout(): string
  stderr(): string
  readonly ended: Promise<Ended>
}

export const root = path.resolve(import.meta.dirname, '../..')
/** The program, for tests that start it in their own way. */
export const script = path.join(root, 'bin/torch.js')

/** A call of torch that takes longer than this is killed, unless a test says otherwise. */
const maxCallMs = 60_000
/** torch's own processes have this variable; tasks are recognised by their folder. */
const marker = 'TEST_SITE'

const sites = new Set<Site>()

/** The most calls at one time among concurrent tests: more would only wait for a processor. */
const maxCalls = 3
let calls = 0
const waiting: (() => void)[] = []

async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  if (calls >= maxCalls) await new Promise<void>((resolve) => waiting.push(resolve))
  calls += 1
  try {
    return await call()
  } finally {
    calls -= 1
    waiting.shift()?.()
  }
}

/** For afterEach: ends everything that a test has left behind. */
export async function closeSites(): Promise<void> {
  for (const site of sites) await site.close()
}

export function newSite(tasks?: string): Site {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-cli-')))
  const home = path.join(folder, 'home')
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text, { mode: 0o644 })
    return file
  }
  if (tasks !== undefined) write('tasks.yaml', tasks)
  const own = { PATH: process.env['PATH'], HOME: folder, TORCH_HOME: home, TZ: 'UTC' }
  const begin = (
    words: readonly string[],
    { env = {}, cwd = folder, uid, stdin, maxMs = maxCallMs }: Options = {},
  ): Running => {
    const merged = { ...own, ...env, [marker]: folder }
    const user = uid === undefined ? {} : { uid, gid: uid }
    const input = stdin === undefined ? undefined : fs.openSync(stdin, 'r')
    const stdio = [input ?? 'pipe', 'pipe', 'pipe'] as const
    const child = spawn(process.execPath, [script, ...words], {
      ...{ cwd, env: merged, stdio: [...stdio], ...user },
    })
    if (input !== undefined) fs.closeSync(input)
    return running(child, maxMs)
  }
  const site: Site = {
    folder,
    home,
    tasks: path.join(folder, 'tasks.yaml'),
    torch: (...words) => inTurn(() => begin(words).ended),
    torchWith: (options, ...words) => inTurn(() => begin(words, options).ended),
    spawn: begin,
    write,
    pid: () => readPid(home),
    living: () => processesOf(folder),
    async close() {
      await until(() => killAll(processesOf(folder)), `the end of all processes of ${folder}`)
      fs.rmSync(folder, { recursive: true, force: true })
      sites.delete(site)
    },
  }
  sites.add(site)
  return site
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat !== undefined && !/\) [ZX] /.test(stat)
}

function running(child: ChildProcess, maxMs: number): Running {
  const texts = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), maxMs)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => {
      clearTimeout(timer)
      resolve({ status, signal, ...texts })
    })
  })
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended }
}

function readPid(home: string): number | undefined {
  const file = path.join(home, 'torch.pid')
  return fs.existsSync(file) ? Number.parseInt(fs.readFileSync(file, 'utf8'), 10) : undefined
}

/** Kills these processes; true if there are none. */
function killAll(pids: readonly number[]): boolean {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended in the meantime.
    }
  }
  return pids.length === 0
}

/** Finds torch by the marker in its environment; recorders and commands by their home folder. */
function processesOf(folder: string): number[] {
  const marks = [`${marker}=${folder}`, `HOME=${folder}`, `TORCH_HOME=${path.join(folder, 'home')}`]
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      const environment = readProc(pid, 'environ')?.split('\0') ?? []
      return marks.some((mark) => environment.includes(mark)) && isAlive(pid)
    })
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}
