import { askDaemon, startCommand } from '../control/client.ts'
import type { StatusReport } from '../control/status-report.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { wholeProblem } from '../daemon/tasks-file/bad-tasks.ts'
import { type Loaded, loadTasks } from '../daemon/tasks-file/load.ts'
import { openWords, type Unreadable } from '../daemon/tasks-file/readable.ts'
import { messageOf, TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { openToOthers } from '../host/open-to-others.ts'
import { quietly } from '../host/system-error.ts'
import { problemLine } from '../tasks/file/problem.ts'
import { hostFacts, type HostFacts, matchHosts } from '../tasks/hosts.ts'
import type { FileNotify } from '../tasks/notify.ts'
import type { Task } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  note,
  ok,
  problem,
  warning,
} from './finding.ts'
import { exists, outputOf } from './probe.ts'

/** The daemon of the home, the tasks file, and how the file sees this machine. */
export interface TasksFacts {
  readonly daemon: DaemonFacts
  /** The command that starts a daemon on this home. */
  readonly start: string
  /** The version of this torch. */
  readonly version: string
  readonly file: FileFacts
  /** This machine. */
  readonly host: { readonly name: string; readonly addresses: readonly string[] }
  /** What git says, for example `git version 2.39.5`; undefined: git is missing. */
  readonly git: string | undefined
}

/** The tasks file as this user sees it. */
export type FileFacts =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'bad'
      readonly path: string
      readonly errors: number
      /** The first error, in one line. */
      readonly first: string
      /** The hint of the first error, if it is about the file as a whole. */
      readonly hint: string | undefined
      /** It is the file of the daemon, which still uses an earlier version of it. */
      readonly hasLastGood: boolean
    }
  | {
      readonly kind: 'good'
      readonly path: string
      readonly total: number
      readonly here: number
      readonly warnings: number
      readonly revision: string | null
      /** How other users can decide what runs here; undefined: they cannot. */
      readonly open: Unreadable | undefined
    }

type DaemonFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'silent'; readonly message: string; readonly hint: string | null }
  | {
      readonly kind: 'runs'
      readonly pid: number
      readonly version: string
      readonly isStopping: boolean
    }

/** What to probe, as the command line says. */
interface TasksProbe {
  readonly paths: HomePaths
  readonly version: string
  /** This machine as the command line describes it. The daemon, if it runs, knows better. */
  readonly machine: HostFacts
  /** Chooses the tasks file; `daemonFile`: the file of the running daemon. */
  chooseFile(daemonFile: string | undefined): {
    readonly shown: string
    readonly absolute: string
    /** It must exist, because somebody named it. */
    readonly isNamed: boolean
  }
}

/** Probes the daemon, the tasks file and this machine. Never throws. */
export async function probeTasks(
  host: Host,
  probe: TasksProbe,
): Promise<{
  readonly facts: TasksFacts
  /** The tasks that run here; undefined: there is no good tasks file. */
  readonly here: readonly Task[] | undefined
  /** What that file says about messages. */
  readonly notify: FileNotify | undefined
  /** The pid of the daemon. */
  readonly pid: number | undefined
}> {
  const { paths, version } = probe
  const [{ daemon, report }, git] = await Promise.all([
    probeDaemon(paths),
    outputOf(host, 'git', '--version'),
  ])
  const machine =
    report === undefined ? probe.machine : hostFacts(report.host.name, report.host.addresses)
  const { file, here, notify } = await probeFile(host, probe, report, machine)
  const [name = ''] = machine.names.toSorted((a, b) => b.length - a.length)
  const facts = {
    daemon,
    start: startCommand(paths.home),
    version,
    file,
    host: { name, addresses: machine.addresses },
    git,
  }
  return { facts, here, notify, pid: report?.daemon?.pid }
}

/** A busy daemon may take a while to answer. */
const maxStatusMs = 10_000

async function probeDaemon({
  socket,
}: HomePaths): Promise<{ daemon: DaemonFacts; report?: StatusReport }> {
  try {
    const report = await askDaemon(socket, 'status', {}, { timeoutMs: maxStatusMs })
    const { pid = 0, version = '', state } = report.daemon ?? {}
    return { daemon: { kind: 'runs', pid, version, isStopping: state === 'draining' }, report }
  } catch (error) {
    if (!(error instanceof TorchError))
      return { daemon: { kind: 'silent', message: messageOf(error), hint: null } }
    if (error.code === 'no-daemon') return { daemon: { kind: 'none' } }
    if (error.code === 'daemon-denied') return { daemon: { kind: 'denied' } }
    return { daemon: { kind: 'silent', message: error.message, hint: error.hint ?? null } }
  }
}

async function probeFile(
  host: Host,
  { chooseFile }: TasksProbe,
  report: StatusReport | undefined,
  machine: HostFacts,
): Promise<{ file: FileFacts; here?: readonly Task[]; notify?: FileNotify }> {
  const { shown, absolute, isNamed } = chooseFile(report?.file.path)
  if (!isNamed && !exists(host, absolute)) return { file: { kind: 'none' } }
  const loaded = await loadTasks(host, absolute, { shown, machine })
  if (loaded.file === undefined)
    return { file: badFileFacts(loaded, report?.file.path === absolute) }
  const { tasks, notify } = loaded.file
  const here = tasks.filter((task) => task.enabled && matchHosts(task.hosts, machine))
  return {
    file: {
      kind: 'good',
      path: shown,
      total: tasks.length,
      here: here.length,
      warnings: loaded.problems.length,
      revision: loaded.revision,
      open: openPlace(host, absolute),
    },
    here,
    notify,
  }
}

function badFileFacts({ path: shown, problems }: Loaded, hasLastGood: boolean): FileFacts {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const whole = wholeProblem(problems)
  return {
    kind: 'bad',
    path: shown,
    errors: errors.length,
    first: errors[0] === undefined ? shown : problemLine(errors[0]),
    hint: whole && (whole.hint ?? 'fix the file, or name another one with --tasks'),
    hasLastGood,
  }
}

/** For root the file would be bad already: see loadTasks(). */
function openPlace(host: Host, file: string): Unreadable | undefined {
  const place = quietly(() => openToOthers(host, file))
  return place && openWords(place, file, host.processes.uid === 0)
}

export function judgeTasks(facts: TasksFacts): Finding[] {
  return findingsOf({
    daemon: checkDaemon(facts),
    tasks: checkFile(facts),
    host: checkHost(facts),
    git: checkGit(facts),
  })
}

function checkDaemon({ daemon, start, version }: TasksFacts): CheckResult {
  switch (daemon.kind) {
    case 'none':
      return note('not running', { hint: start })
    case 'denied':
      return note('unknown, because this user may not use its socket', {
        hint: 'run torch as the owner of the home, or as root',
      })
    case 'silent':
      return warning(daemon.message, { hint: daemon.hint })
    case 'runs': {
      const found = `pid ${daemon.pid}, torch ${daemon.version}`
      if (daemon.isStopping) return note(`${found}, stopping`)
      if (daemon.version === version) return ok(found)
      return warning(`${found}, but this is torch ${version}`, { hint: 'torch restart' })
    }
  }
}

function checkFile({ file }: TasksFacts): CheckResult {
  switch (file.kind) {
    case 'none':
      return note('no tasks file is named, and ./tasks.yaml does not exist', {
        hint: 'name it with --tasks F or TORCH_TASKS',
      })
    case 'bad': {
      const { errors, first } = file
      const found = errors > 1 ? `${first} (and ${errors - 1} more)` : first
      const hint = file.hint ?? `see all problems with: torch validate ${file.path}`
      if (!file.hasLastGood) return problem(found, { hint })
      return warning(found, { instead: 'the daemon keeps the last good file', hint })
    }
    case 'good':
      return checkGoodFile(file)
  }
}

function checkGoodFile(file: FileFacts & { readonly kind: 'good' }): CheckResult {
  const { total, here, warnings, open } = file
  const found = `${file.path}: ${counted(total, 'task')}, ${here} here`
  if (open !== undefined)
    return warning(`${file.path}: ${open.message}`, { hint: open.hint ?? null })
  if (warnings > 0)
    return note(`${found}; ${counted(warnings, 'warning')}`, {
      hint: `torch validate ${file.path}`,
    })
  return ok(found)
}

/** What `hosts` in the file makes of this machine. */
function checkHost({ host: { name, addresses }, file }: TasksFacts): CheckResult {
  const found = [name, ...addresses].join(' ')
  if (file.kind === 'good' && file.total > 0 && file.here === 0)
    return warning(`${found}: no task of the file runs here`, {
      hint: 'check hosts in the file; --address gives this machine other addresses',
    })
  if (addresses.length > 0) return ok(found)
  return note(`${found} has no address except loopback`, {
    hint: 'use --address to give it the addresses that hosts in the file expects',
  })
}

function checkGit({ git, file }: TasksFacts): CheckResult {
  const instead = 'runs are recorded without a revision'
  if (git === undefined) return note('missing', { instead, hint: 'install git' })
  const found = git.replace(/^git version (\S+).*$/s, 'git $1')
  if (file.kind !== 'good') return ok(found)
  const { revision } = file
  if (revision === null)
    return note(`${found}; ${file.path} is not in a repository`, {
      instead,
      hint: 'keep the file in git, to know who changed what and when',
    })
  if (!revision.endsWith('-dirty')) return ok(`${found}, at revision ${revision}`)
  return note(`${found}; ${file.path} differs from ${revision.replace(/-dirty$/, '')}`, {
    hint: 'commit the change, or undo it; see: git status',
  })
}
