import path from 'node:path'
import { messageOf, TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { hasCode, quietly } from '../host/system-error.ts'
import { boundWords, limitsOverBounds } from '../tasks/machine-bounds.ts'
import type { Task } from '../tasks/task.ts'
import type { RunTraces } from './directory.ts'
import type { RunEnvironment } from './environment.ts'
import { limitBounds } from './limit-bounds.ts'

/**
 * Why the command of a run could not be started, in words for a person; undefined if it was started.
 * `status` is the status of the recorder's subshell. Never throws for a file that cannot be read.
 *
 * The recorder writes the step that failed into `failed`, with what it had looked for. It cannot see why
 * exec(2) fails. So for a program that is there, its first bytes are looked at here.
 */
export function startFailure(
  host: Host,
  traces: RunTraces,
  status: number | null | undefined,
): string | undefined {
  const { failure = '', description, command } = traces
  if (command === undefined) return undefined
  const text = failure.trim().split('\n')
  const [, step = '', value = ''] = stepPattern.exec(text.at(-1) ?? '') ?? []
  const words = description?.command
  const program = typeof words === 'string' ? undefined : words?.[0]
  if (step === 'entered' || text[0] === '')
    return whyNotExecutable(host, value || fileOf(traces), traces, status)
  if (step === '') return wrapperFailure(host, text.join('; '), traces)
  return (
    stepFailure(step, value, program) ?? execFailure(host, value || fileOf(traces), traces, status)
  )
}

/** Throws for a limit that this machine does not let torch set, with the bound. */
export function checkLimits(host: Host, { limits }: Pick<Task, 'limits'>): void {
  if (Object.keys(limits).length === 0) return
  const [over] = limitsOverBounds(limits, limitBounds(host))
  if (over !== undefined) throw new TorchError('bad-limit', `limits.${over.key} ${over.problem}`)
}

const spawnErrors: Readonly<Record<string, string>> = {
  E2BIG: 'its command and variables are longer than the system allows',
  EAGAIN: 'no more processes are allowed, see ulimit -u and TasksMax=',
  EMFILE: 'no file descriptor is left, see ulimit -n and LimitNOFILE=',
  ENFILE: 'no file descriptor is left on this machine, see fs.file-max',
  ENOMEM: 'no memory is left',
  ERR_INVALID_ARG_VALUE: 'its command or variables contain a NUL character',
}

/** Why no process could be started, in words; any other error says it itself. */
export function spawnErrorText(error: unknown): string {
  const [code, words] = Object.entries(spawnErrors).find(([each]) => hasCode(error, each)) ?? []
  return words === undefined ? messageOf(error) : `${words} (${code})`
}

const stepPattern =
  /^(record|cwd(?: missing| not-a-folder| denied)?|program (?:missing|not-found|not-executable|folder)|exec|entered)(?: (.*))?$/

function stepFailure(step: string, value: string, program: string | undefined): string | undefined {
  const name = program ?? 'its shell'
  const file = value === '' ? name : program === undefined ? `its shell ${value}` : value
  const cwd = value === '' ? 'its cwd' : `its cwd ${value}`
  switch (step) {
    case 'record':
      return 'the recorder could not write into the run directory'
    case 'cwd missing':
      return `${cwd} does not exist`
    case 'cwd not-a-folder':
      return `${cwd} is not a folder`
    case 'cwd denied':
      return `its user may not enter ${cwd}`
    // Recorders of the first version wrote only this word.
    case 'cwd':
      return 'cannot enter its cwd; its output says why'
    case 'program missing':
      return `${file} does not exist`
    case 'program not-found':
      return `${name} was not found in its PATH${value === '' ? '' : ` (${value})`}`
    case 'program folder':
      return `${file} is a folder, not a program`
    case 'program not-executable':
      return notExecutable(file)
    default:
      return undefined
  }
}

/** exec(2) failed. Its error is lost, so a reason that the file does not show is not guessed. */
function execFailure(
  host: Host,
  file: string | undefined,
  traces: RunTraces,
  status: number | null | undefined,
): string {
  const { command, path: searchPath } = traces.description ?? {}
  const program = typeof command === 'string' ? 'its shell' : (command?.[0] ?? 'its program')
  if (file === undefined)
    return status === 126
      ? `${program} cannot be executed`
      : `${program} was not found${searchPath === undefined ? '' : ` in its PATH (${searchPath})`}`
  const facts = quietly(() => host.files.facts(file))
  if (facts === undefined) return `${file} does not exist`
  if (facts.kind === 'directory') return `${file} is a folder, not a program`
  if ((facts.mode & 0o111) === 0) return notExecutable(file)
  return (
    whyNotExecutable(host, file, traces, status) ??
    (status === 126
      ? `its user may not execute ${file}`
      : `${file} cannot be executed: what it needs to be loaded is missing (see: ldd ${file})`)
  )
}

function notExecutable(file: string): string {
  return `its user may not execute ${file}: chmod +x it, or put its interpreter in front`
}

/** What nice(1), prlimit(1) or setpriv(1) printed, in the words of the tasks file. */
function wrapperFailure(host: Host, text: string, { description }: RunTraces): string {
  const [, resource = '', why = ''] =
    /prlimit: failed to set the (\w+) resource limit: (.*)/.exec(text) ?? []
  const key = limitKeys[resource]
  if (key !== undefined) {
    const value = description?.limits?.[key]
    const bound = limitBounds(host)[key]
    const most = bound && `; ${boundWords(bound)}`
    return `limits.${key} cannot be set${value === undefined ? '' : ` to ${value}`}: ${why}${most ?? ''}`
  }
  const niceness = /nice: cannot set niceness: (.*)/.exec(text)?.[1]
  if (niceness !== undefined) return `its nice cannot be set: ${niceness}; only root may lower it`
  if (text.startsWith('setpriv')) return `its user or group cannot be set: ${text}`
  return `its priority, limits or user could not be set: ${text}`
}

const limitKeys = {
  NOFILE: 'nofile',
  CPU: 'cpu',
  AS: 'memory',
  CORE: 'core',
  FSIZE: 'fsize',
  NPROC: 'nproc',
} as Readonly<Record<string, 'nofile' | 'cpu' | 'memory' | 'core' | 'fsize' | 'nproc'>>

/**
 * Whether a file that the program may be begins with `#!`. `command`, `cwd` and PATH are those of the run.
 */
export function isScript(
  host: Host,
  { command: [program = ''], cwd, variables }: RunEnvironment,
): boolean {
  const folders = program.includes('/') ? [''] : (variables['PATH'] ?? '').split(':')
  return folders.some((folder) =>
    quietly(() => {
      const file = path.resolve(cwd, folder, program)
      return host.files.readBytes(file, 0, 2).toString('latin1') === '#!'
    }),
  )
}

/** The file of the program, if the command itself says where it is. */
function fileOf({ description }: RunTraces): string | undefined {
  const { command, cwd } = description ?? {}
  const program = typeof command === 'string' ? undefined : command?.[0]
  if (program === undefined || !program.includes('/')) return undefined
  if (program.startsWith('/')) return program
  return cwd === undefined ? undefined : path.join(cwd, program)
}

/** The statuses of a shell that cannot execute a program, and of one that takes it for a script. */
const statusesOfNoStart = [2, 126, 127]
const headBytes = 256

/** Why the system cannot execute a file, if its first bytes show that. */
function whyNotExecutable(
  host: Host,
  file: string | undefined,
  { description }: RunTraces,
  status: number | null | undefined,
): string | undefined {
  if (file === undefined || !statusesOfNoStart.includes(status ?? 0)) return undefined
  try {
    const head = host.files.readBytes(file, 0, headBytes)
    if (head.subarray(0, 4).equals(elfMagic)) return whyOtherMachine(host, file, head)
    const [line = ''] = head.toString('latin1').split('\n')
    return line.startsWith('#!') ? whyNoInterpreter(host, file, line, description?.path) : undefined
  } catch {
    return undefined
  }
}

function whyNoInterpreter(
  host: Host,
  file: string,
  line: string,
  searchPath: string | undefined,
): string | undefined {
  const [interpreter = '', ...words] = line
    .slice(2)
    .split(/[ \t]+/)
    .filter((word) => word !== '')
  const isEnv = path.basename(interpreter) === 'env'
  const named = isEnv ? words.find((word) => !/^-|=/.test(word)) : undefined
  const missing = !exists(host, interpreter)
    ? interpreter
    : named !== undefined && !isInPath(host, named, searchPath)
      ? named
      : undefined
  if (missing === undefined) return undefined
  const shown = JSON.stringify(missing).slice(1, -1)
  if (!missing.endsWith('\r')) return `the interpreter of ${file} is missing: ${shown}`
  const hint = 'its lines end in CR LF; convert the file to LF'
  return `the interpreter of ${file} is missing: ${shown} (${hint})`
}

function exists({ files }: Host, file: string): boolean {
  return files.facts(file) !== undefined
}

/** True also if the PATH of the run is not known. */
function isInPath(host: Host, name: string, searchPath: string | undefined): boolean {
  if (name.includes('/')) return exists(host, name)
  const folders = searchPath?.split(':') ?? []
  return searchPath === undefined || folders.some((folder) => exists(host, path.join(folder, name)))
}

/** See elf(5). */
const elfMagic = Buffer.from('\x7fELF', 'latin1')
const elfDataOffset = 5
const elfLittleEndian = 1
const elfMachineOffset = 18
const machineNames: Readonly<Record<number, string>> = {
  3: 'x86',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC 64',
  22: 's390',
  40: 'ARM',
  62: 'x86-64',
  183: 'ARM 64',
  243: 'RISC-V',
  258: 'LoongArch',
}
/** What a machine executes without further help. The second one needs support of the kernel. */
const ownMachines: Readonly<Record<string, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] }

function whyOtherMachine(host: Host, file: string, head: Buffer): string | undefined {
  const isLittle = head[elfDataOffset] === elfLittleEndian
  const machine = isLittle
    ? head.readUInt16LE(elfMachineOffset)
    : head.readUInt16BE(elfMachineOffset)
  const own = ownMachines[process.arch]
  if (own === undefined || own.includes(machine)) return undefined
  // An emulator may be registered for it.
  const handlers = host.files.list('/proc/sys/fs/binfmt_misc')
  if (handlers.some((name) => name !== 'register' && name !== 'status')) return undefined
  const its = machineNames[machine] ?? `machine ${machine}`
  return `${file} is a program for another kind of machine (${its}; this one is ${process.arch})`
}
