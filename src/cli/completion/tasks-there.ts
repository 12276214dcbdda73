import { askDaemon } from '../../control/client.ts'
import type { StatusReport } from '../../control/protocol.ts'
import { tasksFiles } from '../../daemon/tasks-file/load.ts'
import { isMap, valueAt } from '../../tasks/file/key-path.ts'
import type { Call } from '../command.ts'
import type { FilePath } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import { offlineTasksPath, tasksPath } from '../daemon/tasks-file.ts'
import type { Candidate } from './offer.ts'

/** The home and the tasks file that a line is about. */
export interface Surroundings extends Pick<Call, 'host' | 'paths' | 'from'> {
  readonly values: Values
}

/** Nobody waits longer for a daemon that is busy. */
const daemonTimeoutMs = 500
/** Parsing this much takes about 0.5 s. A larger file is completed only by its daemon. */
const maxParsedBytes = 250_000

/** The tasks: of the daemon if one runs the file, else as the file names them. */
export async function tasksThere(around: Surroundings): Promise<Candidate[]> {
  const report = await reportOf(around)
  if (report !== undefined)
    return report.tasks.map(({ name, description }) => ({
      value: name,
      description: description ?? '',
    }))
  return distinct((await valuesOf(around)).flatMap(namesIn))
}

/** The labels of tasks, as `team=data`. */
export async function labelsThere(around: Surroundings): Promise<Candidate[]> {
  const report = await reportOf(around)
  const labels = report?.tasks.map((task) => task.labels) ?? (await inFile(around, 'labels'))
  const pairs = labels.flatMap((each) => (isMap(each) ? Object.entries(each) : []))
  return distinct(pairs.map(([name, value]) => `${name}=${String(value)}`))
}

/** The hosts that the file names one by one: addresses and names, but no groups, blocks or patterns. */
export async function hostsThere(around: Surroundings): Promise<Candidate[]> {
  const groups = (await valuesOf(around)).map((value) => valueAt(value, ['hosts']))
  const lists = groups.flatMap((each) => (isMap(each) ? Object.values(each) : []))
  const entries = [...lists, ...(await inFile(around, 'hosts'))].flat().map(String)
  const isGroup = (name: string) => groups.some((each) => isMap(each) && Object.hasOwn(each, name))
  const bare = entries.map((entry) => entry.replace(/^!/, ''))
  return distinct(bare.filter((name) => !/[/*?]/.test(name) && !isGroup(name)))
}

/** The tasks file that the line is about. */
export async function fileThere(around: Surroundings): Promise<FilePath> {
  const report = await reportOf(around)
  return report === undefined
    ? offlineTasksPath(around, around.values)
    : tasksPath(around, around.values, report.file.path)
}

/** undefined where no daemon runs, or another file is asked for. */
async function reportOf({ paths, from }: Surroundings): Promise<StatusReport | undefined> {
  if (from.tasks === 'flag') return undefined
  try {
    return await askDaemon(paths.socket, 'status', {}, { timeoutMs: daemonTimeoutMs })
  } catch {
    return undefined
  }
}

/** Nothing that is no file is opened: a pipe would wait for its writer. */
function textsOf(around: Surroundings): string[] {
  const { files } = around.host
  return tasksFiles(around.host, offlineTasksPath(around, around.values).absolute).flatMap(
    (file) => {
      const facts = files.facts(file)
      const isRead = facts?.kind === 'file' && facts.size <= maxParsedBytes
      return (isRead ? files.readText(file) : undefined) ?? []
    },
  )
}

/** What stands in the files, as far as it can be read at all. */
async function valuesOf(around: Surroundings): Promise<unknown[]> {
  const texts = textsOf(around)
  const { readSource } = await import('../../tasks/file/source.ts')
  return texts.map((text) => readSource({ path: '', text }).value)
}

/** What the tasks and the defaults have for a key. */
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

function distinct(values: readonly string[]): Candidate[] {
  return [...new Set(values)].map((value) => ({ value, description: '' }))
}
