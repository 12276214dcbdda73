import { unknownTask } from '../tasks/unknown-task.ts'
import { exitStatus, TorchError } from '../errors.ts'
import { jitterOf } from '../schedule/hash.ts'
import { counted } from '../tasks/counted.ts'
import { hostFacts, type HostFacts, matchHosts } from '../tasks/hosts.ts'
import { parseNetwork } from '../tasks/address.ts'
import type { Task } from '../tasks/task.ts'
import { statusIfRuns } from './ask.ts'
import type { Call } from './command.ts'
import type { Source } from './commands/next.ts'
import { withLabels } from './labels.ts'
import type { Values } from './options.ts'
import { factsHere, goodTasks } from './tasks-file.ts'
import { tasksPath } from './tasks-path.ts'

/** The tasks that were named, or all that run on the host by the clock. */
export async function sourcesOfTasks(call: Call, values: Values): Promise<Source[]> {
  const asked = values.tasks !== undefined && call.from.tasks === 'flag'
  const status = asked ? undefined : await statusIfRuns(call)
  const facts = factsOf(call, values, status?.host.addresses)
  const hostName = facts.names[0] ?? ''
  const path = tasksPath(call, values, status?.file.path)
  const { file } = await goodTasks(call, path, values.host === undefined ? undefined : hostName)
  const isHere = (task: Task) => task.enabled && matchHosts(task.hosts, facts)
  const common = withLabels(file.tasks, values.label).filter((task) => task.type === 'common')
  const found =
    call.words.length === 0
      ? common.filter(isHere)
      : withLabels(
          [...new Set(call.words)].map((name) => named(file.tasks, name)),
          values.label,
        )
  const elsewhere = call.words.length === 0 ? common.length - found.length : 0
  if (elsewhere > 0)
    call.terminal.note(
      `not shown: ${elsewhere} of ${counted(common.length, 'task')} ${elsewhere === 1 ? 'does' : 'do'} not run on ${hostName}`,
    )
  for (const task of found)
    if (!isHere(task)) call.terminal.note(`${task.name} does not run on ${hostName}`)
  return found.map((task) => ({
    task: task.name,
    schedules: task.schedules,
    zone: task.timezone,
    jitterMs: jitterOf(task.name, hostName, task.jitterMs),
  }))
}

/** An address in place of a name is all that is known of that host. */
function factsOf(call: Call, values: Values, addresses: readonly string[] | undefined): HostFacts {
  const { host } = values
  if (host !== undefined) return hostFacts(host, parseNetwork(host) === undefined ? [] : [host])
  const here = factsHere(call, values)
  return addresses === undefined ? here : { ...here, addresses }
}

function named(tasks: readonly Task[], name: string): Task {
  const task = tasks.find((each) => each.name === name)
  if (task === undefined)
    throw unknownTask(
      name,
      tasks.map((each) => each.name),
    )
  if (task.type === 'common') return task
  throw new TorchError('no-schedule', `${name} is a daemon task: it always runs, at no time`, {
    exit: exitStatus.usage,
    hint: `torch status ${name} shows whether it runs`,
  })
}
