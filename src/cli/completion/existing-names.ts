import path from 'node:path'
import type { StatusReport } from '../../control/status-report.ts'
import { tasksFiles } from '../../daemon/tasks-file/readable.ts'
import { gitNames } from '../../host/git.ts'
import type { Host } from '../../host/host.ts'
import { activeFolder } from '../../run/active.ts'
import { isRunId } from '../../run/directory.ts'
import { zoneNames } from '../../schedule/zone-names.ts'
import { isMap, valueAt } from '../../tasks/file/key-path.ts'
import type { FilePath, ValueType } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import { chosenHome, optionSources, resolveOptions } from '../args/precedence.ts'
import type { Call } from '../command.ts'
import { ask } from '../daemon/ask.ts'
import { judgedPath, judges, offlineTasksPath, tasksPath } from '../daemon/tasks-file.ts'
import type { Candidate, LookUp } from './candidates.ts'
import type { LineSoFar } from './typed-line.ts'

/** The newest runs of a task are enough. */
const maxRuns = 100
/** Branches and tags: those with the latest commits. */
const maxRevisions = 200
/** Nobody waits longer than this for a busy daemon. */
const daemonTimeoutMs = 500
/** Parsing this much takes about 0.5 s. A larger file is completed only by its daemon. */
const maxParsedBytes = 250_000

/** The home and the tasks file that a line is about. */
interface Surroundings extends Pick<Call, 'host' | 'paths' | 'from'> {
  readonly values: Values
  /** The file, if the command judges a file and it is not the daemon's. */
  readonly judged: FilePath | undefined
}

/** Finds the names that exist on this machine, in the home and the tasks file of the line. */
export function lookUpHere(host: Host): LookUp {
  return async (type, line) => {
    if (type === 'zone') return plain(zoneNames())
    const find = finders[type]
    return find === undefined ? [] : find(await surroundings(host, line), line)
  }
}

type Finder = (around: Surroundings, line: LineSoFar) => Promise<Candidate[]>

const finders: Readonly<Partial<Record<ValueType, Finder>>> = {
  task: taskNames,
  label: taskLabels,
  host: hostNames,
  run: async (around, { args }) => plain(runIds(around, args)),
  revision: async (around) => plain(await revisions(around)),
}

async function surroundings(host: Host, { raw, command }: LineSoFar): Promise<Surroundings> {
  const { values, from } = resolveOptions(['home', 'tasks'], await optionSources(host, raw, ''), '')
  const judged = judges(command?.name) ? await judgedPath({ from, host }, values) : undefined
  return { host, paths: chosenHome(host, values), values, from, judged }
}

/** The tasks of the daemon if one runs the file, else those that the file names. */
async function taskNames(around: Surroundings): Promise<Candidate[]> {
  const report = await reportOf(around)
  if (report !== undefined)
    return report.tasks.map(({ name, description }) => ({
      value: name,
      description: description ?? '',
    }))
  return plain((await valuesOf(around)).flatMap(namesIn))
}

/** The labels of tasks, such as `team=data`. */
async function taskLabels(around: Surroundings): Promise<Candidate[]> {
  const report = await reportOf(around)
  const labels = report?.tasks.map((task) => task.labels) ?? (await inFile(around, 'labels'))
  const pairs = labels.flatMap((each) => (isMap(each) ? Object.entries(each) : []))
  return plain(pairs.map(([name, value]) => `${name}=${String(value)}`))
}

/** The single hosts in the file: addresses and names, but no groups, blocks or patterns. */
async function hostNames(around: Surroundings): Promise<Candidate[]> {
  const groups = (await valuesOf(around)).map((value) => valueAt(value, ['hosts']))
  const lists = groups.flatMap((each) => (isMap(each) ? Object.values(each) : []))
  const entries = [...lists, ...(await inFile(around, 'hosts'))].flat().map(String)
  const isGroup = (name: string) => groups.some((each) => isMap(each) && Object.hasOwn(each, name))
  const bare = entries.map((entry) => entry.replace(/^!/, ''))
  return plain(bare.filter((name) => !/[/*?]/.test(name) && !isGroup(name)))
}

/** The kept runs of the tasks on the line; without one the runs in progress, as for `torch kill`. */
function runIds({ host, paths }: Surroundings, tasks: readonly string[]): string[] {
  const kept = tasks.map((task) => path.join(paths.runs, task))
  const folders = kept.length === 0 ? [activeFolder(paths.home)] : kept
  const found = folders.flatMap((folder) => host.files.list(folder).filter(isRunId))
  return found.toSorted().slice(-maxRuns)
}

async function revisions(around: Surroundings): Promise<string[]> {
  const report = await reportOf(around)
  const { absolute } =
    report === undefined ? fileOf(around) : tasksPath(around, around.values, report.file.path)
  return ['HEAD', ...(await gitNames(around.host, absolute, maxRevisions))]
}

/** undefined if no daemon answers, or if the line names another file. */
async function reportOf(around: Surroundings): Promise<StatusReport | undefined> {
  if (around.from.tasks === 'flag' || around.judged !== undefined) return undefined
  try {
    return await ask(around, 'status', {}, 'optional', { timeoutMs: daemonTimeoutMs })
  } catch {
    return undefined
  }
}

/** Opens only files: a pipe would wait for its writer. */
function textsOf(around: Surroundings): string[] {
  const { files } = around.host
  return tasksFiles(around.host, fileOf(around).absolute).flatMap((file) => {
    const facts = files.facts(file)
    const isRead = facts?.kind === 'file' && facts.size <= maxParsedBytes
    return (isRead ? files.readText(file) : undefined) ?? []
  })
}

function fileOf(around: Surroundings): FilePath {
  return around.judged ?? offlineTasksPath(around, around.values)
}

/** The values in the files, as far as they can be read. */
async function valuesOf(around: Surroundings): Promise<unknown[]> {
  const texts = textsOf(around)
  const { readSource } = await import('../../tasks/file/source.ts')
  return texts.map((text) => readSource({ path: '', text }).value)
}

/** The values of a key in the tasks and in the defaults. */
async function inFile(around: Surroundings, key: string): Promise<unknown[]> {
  return (await valuesOf(around)).flatMap((value) => {
    const tasks = namesIn(value).map((name) => valueAt(value, ['tasks', name, key]))
    return [valueAt(value, ['defaults', key]), ...tasks].filter((each) => each !== undefined)
  })
}

function namesIn(value: unknown): string[] {
  const tasks = valueAt(value, ['tasks'])
  return isMap(tasks) ? Object.keys(tasks) : []
}

function plain(values: readonly string[]): Candidate[] {
  return [...new Set(values)].map((value) => ({ value, description: '' }))
}
