import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { ProcessIdentity } from '../host/processes.ts'
import type { PipeEnds } from '../host/spawn.ts'
import type { Task } from '../tasks/task.ts'
import { activeFolder } from './active.ts'
import { collectorScript } from './collector-script.ts'
import { type RunHome, runsFolder } from './directory.ts'
import { ownProgram, runEnvironment } from './environment.ts'
import { hasInputFile, hasInputPipe, inputFile, makeInputPipes } from './input-pipes.ts'
import { checkLimits, isScript } from './start-failure.ts'
import { recorderVariables, scriptArguments, type ScriptInput } from './recorder-script.ts'
import type { HeldSocket } from './task-sockets.ts'

/** The shell of all scripts of torch. Any POSIX sh works: dash, bash and busybox are tested. */
export const recorderShell = '/bin/sh'

/** A recorder that waits for its run, with its collector. The caller assigns it a run or dismisses it, once. */
export interface Recorder {
  /** The task for whose runs it was started. */
  readonly task: Task
  /** The path of the task's script, if it has one. */
  readonly script: string | undefined
  /** The working directory of both. */
  readonly folder: string
  readonly identity: ProcessIdentity
  /** The process that writes the output of the run into its file. */
  readonly collector: ProcessIdentity
  /** Assigns it a run. False if the recorder is gone. */
  assign(line: string): boolean
  /** Ends both: there is no run for it. */
  dismiss(): void
  /** Called once when the recorder is gone. */
  onExit: (status: RecorderStatus) => void
  /** Called once if the collector could not write all of the output. */
  onLostOutput: () => void
}

/** How a recorder ended, if torch is its parent. */
export interface RecorderStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** Stands for a start time that could not be read. */
export const unknownTicks = 0

/** For which run a recorder is started, and where. */
export interface RecorderPlace {
  readonly task: Task
  /** The run directory, or a folder that becomes one. It exists. */
  readonly folder: string
  /** undefined: the run is not known yet. */
  readonly run: string | undefined
  /** The command gets them as 3, 4 and 5. */
  readonly sockets: readonly HeldSocket[]
  /** The path of the task's script, if it has one. */
  readonly script: string | undefined
}

/**
 * Starts a recorder for a run of a task, and its collector. If that fails, it returns undefined and
 * calls onFailure, possibly before it returns. Throws if the user, the group or the env_file of the task
 * does not exist, if a program is missing or a limit is too high, and if no pipe or file can be opened.
 */
export function startRecorder(
  runHome: RunHome,
  place: RecorderPlace,
  onFailure: (error: Error) => void,
): Recorder | undefined {
  const { processes } = runHome.host
  checkLimits(runHome.host, place.task)
  const environment = runEnvironment(runHome, place.task, place.script)
  const variables = recorderVariables({
    ...environment,
    runs: runsFolder(runHome.home, place.task.name),
    active: activeFolder(runHome.home),
    task: place.task.name,
    shell: recorderShell,
    sleep: ownProgram(runHome.host, 'sleep'),
    isScript: typeof place.task.command !== 'string' && isScript(runHome.host, environment),
    isBusybox: isBusyboxShell(runHome.host),
    input: hasInputPipe(place.task) ? inputPrograms(runHome.host) : undefined,
    stdin: hasInputFile(place.task) ? inputFile : '/dev/null',
    listens: place.task.listen.length > 0,
    isShared: place.task.fleet !== undefined,
    isAfter: place.task.after !== undefined,
  })
  if (hasInputPipe(place.task)) makeInputPipes(runHome.host, place.folder, environment.owner)
  const pipe = processes.openPipe(environment.owner, place.folder)
  try {
    const onEnd = (isWhole: boolean): void => {
      if (!isWhole) recorder?.onLostOutput()
    }
    const collector = startCollector(runHome, place, { pipe, onEnd }, onFailure)
    const recorder: Recorder | undefined =
      collector && startParent(runHome, place, { variables, pipe, collector }, onFailure)
    return recorder
  } finally {
    // A recorder that could not be started closes the pipe like one that ends: the collector ends too.
    for (const end of [pipe.read, pipe.write]) runHome.host.files.close(end)
  }
}

/** For what is left unread. timeout(1) is a last resort, and may be missing. */
function inputPrograms(host: Host): ScriptInput {
  const timeout = host.processes.findProgram('timeout')
  return { cat: ownProgram(host, 'cat'), timeout }
}

function startCollector(
  { host, home }: RunHome,
  { folder, task, run }: RecorderPlace,
  { pipe, onEnd }: { readonly pipe: PipeEnds; readonly onEnd: (isWhole: boolean) => void },
  onFailure: (error: Error) => void,
): ProcessIdentity | undefined {
  const script = collectorScript(ownProgram(host, 'cat'))
  const output = host.files.openAppend(path.join(folder, 'output'))
  try {
    const started = host.processes.spawnGroup({
      program: recorderShell,
      args: scriptArguments('TORCH_COLLECTOR', psWords(task, run, 'output')),
      env: { PATH: fixedPath, TORCH_HOME: home, TORCH_COLLECTOR: script },
      cwd: folder,
      stdin: pipe.read,
      stdout: output,
      onExit: ({ code }) => onEnd(code === 0),
      onFailure,
    })
    return started && identityNow(host, started.pid)
  } finally {
    host.files.close(output)
  }
}

interface ParentParts {
  readonly variables: Readonly<Record<string, string>>
  readonly pipe: PipeEnds
  readonly collector: ProcessIdentity
}

function startParent(
  { host, home }: RunHome,
  { task, folder, run, script, sockets }: RecorderPlace,
  { variables, pipe, collector }: ParentParts,
  onFailure: (error: Error) => void,
): Recorder | undefined {
  const program = host.processes.spawnGroup({
    program: recorderShell,
    args: scriptArguments('TORCH_RECORDER', psWords(task, run)),
    env: { PATH: fixedPath, TORCH_HOME: home, ...variables },
    cwd: folder,
    stdin: 'line',
    stdout: pipe.write,
    descriptors: sockets.map(({ descriptor }) => descriptor),
    onExit: (status) => recorder?.onExit(status),
    onFailure,
  })
  const recorder: Recorder | undefined = program && {
    task,
    script,
    folder,
    identity: identityNow(host, program.pid),
    collector,
    assign: program.send,
    dismiss: program.dismiss,
    onExit() {},
    onLostOutput() {},
  }
  return recorder
}

/** torch's own programs have absolute paths; this is for what a shell might look up itself. */
const fixedPath = '/usr/sbin:/usr/bin:/sbin:/bin'

/** The words that `ps` shows of a recorder. One that waits does not know its run yet. */
function psWords({ name }: Task, run: string | undefined, ...more: string[]): string[] {
  return [name, ...(run === undefined ? [] : [run]), ...more]
}

function isBusyboxShell({ files }: Host): boolean {
  return path.basename(files.realPath(recorderShell) ?? '').startsWith('busybox')
}

/** The process runs already, so a failure here must not count as a failed start. */
function identityNow({ processes }: Host, pid: number): ProcessIdentity {
  const unknown = { pid, startTicks: unknownTicks }
  try {
    const { startTicks } = processes.identify(pid) ?? unknown
    return { pid, startTicks }
  } catch {
    return unknown
  }
}
