import { exitStatus } from '../../../errors.ts'
import type { HostFacts } from '../../../tasks/hosts.ts'
import type { TasksFile } from '../../../tasks/task.ts'
import { factsOfHost } from '../../args/host-facts.ts'
import {
  findTasksPath,
  judgedLine,
  noTaskHasLabels,
  readTasks,
  withLabels,
} from '../../daemon/tasks-file.ts'
import type { Call } from '../../command.ts'
import { type FilePath, usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** Runs `torch plan`. */
export async function showPlan(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const { host } = values
  if (host === undefined && call.from.address === 'flag')
    throw usageError('--address needs --host', 'torch plan --host web1 --address 10.0.1.7')
  const facts = host === undefined ? undefined : factsOfHost(call, values, host)
  const path = await findTasksPath(call, values, call.args[0])
  const file = await fileOf(call, values, path, facts)
  if (!values.json) await terminal.say(`${judgedLine(path)}\n`)
  const when = {
    from: Math.floor((values.from ?? call.host.clock.now()) / 1000),
    zone: call.host.clock.zone(),
  }
  const { filePlanJson, hostPlanJson } = await import('./plan-json.ts')
  const { filePlan, hostPlan, planHost } = await import('./plan-text.ts')
  const { paint, isUnicode } = terminal
  const view = { paint, isUnicode, width: widthOf(terminal), zone: when.zone }
  if (host === undefined || facts === undefined) {
    if (values.json) await terminal.say(JSON.stringify(filePlanJson(file, when), null, 2))
    else await sayParts(call, filePlan(view, file, when.from))
  } else {
    const planned = planHost(file, host, facts, when)
    if (values.json) await terminal.say(JSON.stringify(hostPlanJson(planned), null, 2))
    else await sayParts(call, hostPlan(view, planned))
  }
  return exitStatus.done
}

async function fileOf(
  call: Call,
  values: Values,
  path: FilePath,
  machine?: HostFacts,
): Promise<TasksFile> {
  const { file } = await readTasks(call, path, { fileOnly: true, ...(machine && { machine }) })
  const tasks = withLabels(file.tasks, values.label)
  if (tasks.length < file.tasks.length && tasks.length === 0) call.terminal.note(noTaskHasLabels)
  const { host } = values
  if (host !== undefined && Object.hasOwn(file.groups, host))
    call.terminal.note(
      `${host} is a host group in this file; --host plans one machine, here a machine named ${host}`,
    )
  return { ...file, tasks }
}

/** Output to a file or a program has COLUMNS characters per line, or the default width. */
function widthOf({ isScreen, columns }: Terminal): number {
  if (isScreen) return columns
  const asked = Number(process.env['COLUMNS'])
  return Number.isInteger(asked) && asked > 0 ? asked : defaultWidth
}

const defaultWidth = 100

/** Prints the parts that are not empty, with a blank line between them. */
async function sayParts({ terminal }: Call, parts: Iterable<string>): Promise<void> {
  let before = ''
  for (const part of parts) {
    if (part === '') continue
    await terminal.say(before + part)
    before = '\n'
  }
}
