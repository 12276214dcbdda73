import path from 'node:path'
import { askDaemon, startCommand } from '../../../control/client.ts'
import type { StatusReport } from '../../../control/protocol.ts'
import { wholeProblem } from '../../../daemon/tasks-file/bad-tasks.ts'
import { type Loaded, loadTasks } from '../../../daemon/tasks-file/load.ts'
import { TorchError, messageOf } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import type { DaemonState, FileState, TasksFacts } from '../../../doctor/judge-tasks.ts'
import { hostFacts, type HostFacts, matchHosts } from '../../../tasks/hosts.ts'
import { problemLine } from '../../../tasks/file/report.ts'
import type { Task } from '../../../tasks/task.ts'
import type { Call } from '../../command.ts'
import type { FilePath } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { factsHere } from '../../args/host-facts.ts'
import { offlineTasksPath, tasksPath } from '../../daemon/tasks-file.ts'
import { quietly, said } from '../../../doctor/probe.ts'

/** A daemon with 100,000 tasks takes some seconds. */
const maxStatusMs = 10_000

/** What the other parts ask of the daemon and its file. */
export interface Known {
  readonly facts: TasksFacts
  /** Tasks that run here; undefined: there is no file that is good. */
  readonly here: readonly Task[] | undefined
  /** Of the daemon. */
  readonly pid: number | undefined
}

/** The daemon, the tasks file, and this machine as `hosts` in it see it. Never throws. */
export async function lookAtTasks(call: Call, values: Values): Promise<Known> {
  const { host, paths, version } = call
  const [{ state, report }, git] = await Promise.all([
    askAround(call),
    said(host, 'git', '--version'),
  ])
  const own = factsHere(call, values)
  const machine = report === undefined ? own : hostFacts(report.host.name, report.host.addresses)
  const { file, here } = await lookAtFile(call, values, report, machine)
  const [name = ''] = machine.names.toSorted((a, b) => b.length - a.length)
  const facts = {
    daemon: state,
    start: startCommand(paths.home),
    version,
    file,
    host: { name, addresses: machine.addresses },
    git,
  }
  return { facts, here, pid: report?.daemon?.pid }
}

async function askAround({ paths }: Call): Promise<{ state: DaemonState; report?: StatusReport }> {
  try {
    const report = await askDaemon(paths.socket, 'status', {}, { timeoutMs: maxStatusMs })
    const { pid = 0, version = '', state } = report.daemon ?? {}
    return { state: { kind: 'runs', pid, version, isStopping: state === 'draining' }, report }
  } catch (error) {
    if (!(error instanceof TorchError))
      return { state: { kind: 'silent', words: messageOf(error), hint: null } }
    if (error.code === 'no-daemon') return { state: { kind: 'none' } }
    if (error.code === 'daemon-denied') return { state: { kind: 'denied' } }
    return { state: { kind: 'silent', words: error.message, hint: error.hint ?? null } }
  }
}

async function lookAtFile(
  call: Call,
  values: Values,
  report: StatusReport | undefined,
  machine: HostFacts,
): Promise<{ file: FileState; here?: readonly Task[] }> {
  const { host } = call
  const { shown, absolute } = chosenFile(call, values, report)
  const isNamed = values.tasks !== undefined || path.isAbsolute(shown)
  if (!isNamed && quietly(() => host.files.facts(absolute)) === undefined)
    return { file: { kind: 'none' } }
  const loaded = await loadTasks(host, absolute, { shown, machine })
  if (loaded.file === undefined) return { file: badState(loaded, report?.file.path === absolute) }
  const { tasks } = loaded.file
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
  }
}

function chosenFile(call: Call, values: Values, report: StatusReport | undefined): FilePath {
  if (report !== undefined) return tasksPath(call, values, report.file.path)
  return quietly(() => offlineTasksPath(call, values)) ?? tasksPath(call, values, undefined)
}

function badState({ path: shown, problems }: Loaded, hasLastGood: boolean): FileState {
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

/** The file, or the folder that it is in, where anybody may write. A sticky folder keeps its files. */
function openPlace(host: Host, file: string): string | undefined {
  const real = quietly(() => host.files.realPath(file)) ?? file
  const modeOf = (place: string) => quietly(() => host.files.facts(place))?.mode ?? 0
  if ((modeOf(real) & 0o002) !== 0) return real
  const folder = path.dirname(real)
  return (modeOf(folder) & 0o1002) === 0o002 ? folder : undefined
}
