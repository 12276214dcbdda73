import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { exitStatus, messageOf, TorchError } from '../../../errors.ts'
import { people } from '../../../fleet/nats/rights.ts'
import {
  fileNames,
  passwordsConf,
  serverConf,
  type ServerPlan,
  serverTask,
  usersConf,
} from '../../../fleet/nats/server-files.ts'
import { runProgram } from '../../../host/programs.ts'
import { fleetName, hostHint, hostPattern } from '../../args/fleet-section.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { judgedPath } from '../../daemon/tasks-file.ts'

/** A file that `torch fleet init` writes. */
interface PlannedFile {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** What is in it now. */
  readonly found: string | undefined
}

/**
 * Runs `torch fleet init --on` and `--users`: writes the files for nats-server beside the tasks file. A file
 * with other content is kept, and an error, unless --force; passwords are kept always.
 */
export async function writeServerFiles(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  const plan = await planOf(call, values)
  const { folder, isTasksFolder } = await placeOf(call, values)
  const files = filesOf(call, plan, folder, isTasksFolder)
  const changed = files.filter(({ text, found }) => text !== found)
  refuseToOverwrite(changed, values.force ?? false)
  for (const { path: file, text, mode } of changed) {
    try {
      host.files.replace(file, text, { mode })
      host.files.changeMode(file, mode)
    } catch (error) {
      throw new TorchError('fleet-file', `${file} cannot be written: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
  const task = plan.servers.length === 0 ? null : serverTask(plan.servers)
  if (values.json) {
    const reports = files.map((file) => ({
      path: file.path,
      did: changed.includes(file) ? 'written' : 'unchanged',
    }))
    await terminal.say(JSON.stringify({ fleet: plan.fleet, files: reports, task }, null, 2))
    return exitStatus.done
  }
  const shown = files.map(
    (file) => `${changed.includes(file) ? 'wrote' : 'unchanged'} ${file.path}`,
  )
  const toAdd = task !== null && !isTasksFolder ? ['', 'add this to the tasks file:', '', task] : []
  await terminal.say([...shown, ...toAdd, ...nextSteps(plan)].join('\n'))
  if (plan.users.length === 0)
    terminal.note('warning: without --users, whoever reaches the servers may do everything')
  else if (!isIgnored(call, folder))
    terminal.note(`warning: keep ${fileNames.passwords} out of git: name it in .gitignore`)
  return exitStatus.done
}

async function planOf({ fleet }: Call, { on = [], users }: Values): Promise<ServerPlan> {
  const servers = [...new Set(on)]
  const odd = [...servers, ...(users ?? [])].find(
    (name) => !hostPattern.test(name) && !isAddress(name),
  )
  if (odd !== undefined) throw usageError(`not a machine: ${JSON.stringify(odd)}`, hostHint)
  if (servers.length === 2)
    throw usageError(
      'two servers stand still when one of them is down',
      'name three or five machines, or a single one',
    )
  const named = users ?? []
  const taken = named.find((name) => people.some((each) => each === name) || isAddress(name))
  if (taken !== undefined)
    throw usageError(`${taken} cannot be the user of a machine`, 'give the name of the machine')
  const own = servers.filter((name) => !isAddress(name))
  return {
    fleet: fleetName(fleet),
    servers,
    users: users === undefined ? [] : [...new Set([...own, ...named])].toSorted(),
    hasSync: await knowsSync(),
  }
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || /^[\da-f]*:[\da-f:.]+$/i.test(name)
}

const versionTimeoutMs = 5_000

/** The machines with a server usually have the same version. 2.9 refuses a setting that it does not know. */
async function knowsSync(): Promise<boolean> {
  const { stdout } = await runProgram('nats-server', ['--version'], { timeoutMs: versionTimeoutMs })
  return !/\bv?2\.[0-9]\.\d/.test(stdout)
}

/** The folder of the tasks file that this command would judge, which is in git; else the current one. */
async function placeOf(
  call: Call,
  values: Values,
): Promise<{ folder: string; isTasksFolder: boolean }> {
  const tasks = await judgedPath(call, values)
  if (tasks === undefined) return { folder: process.cwd(), isTasksFolder: false }
  const isTasksFolder = call.host.files.facts(tasks.absolute)?.kind === 'directory'
  return { folder: isTasksFolder ? tasks.absolute : path.dirname(tasks.absolute), isTasksFolder }
}

function filesOf(
  { host }: Call,
  plan: ServerPlan,
  folder: string,
  isTasksFolder: boolean,
): PlannedFile[] {
  const hasServers = plan.servers.length > 0
  const at = (name: string, mode: number, textOf: (found: string | undefined) => string) => {
    const file = path.join(folder, name)
    const found = host.files.readText(file)
    return { path: file, mode, found, text: textOf(found) }
  }
  const newPassword = (): string => randomBytes(16).toString('hex')
  return [
    ...(hasServers ? [at(fileNames.server, 0o644, () => serverConf(plan))] : []),
    ...(plan.users.length > 0
      ? [
          at(fileNames.users, 0o644, () => usersConf(plan)),
          at(fileNames.passwords, 0o600, (found) => passwordsConf(plan, found, newPassword)),
        ]
      : []),
    ...(hasServers && isTasksFolder
      ? // People add to it: a user, limits.
        [at(fileNames.task, 0o644, (found) => found ?? serverTask(plan.servers))]
      : []),
  ]
}

/** BEFORE anything is written: all files, or none. */
function refuseToOverwrite(changed: readonly PlannedFile[], force: boolean): void {
  const kept = changed.filter(
    ({ path: file, found }) => found !== undefined && path.basename(file) !== fileNames.passwords,
  )
  if (kept.length === 0 || force) return
  const names = kept.map((file) => file.path).join(', ')
  throw new TorchError('fleet-file', `${names}: there is a file with other content`, {
    hint: 'move it away, or overwrite it with --force; passwords stay as they are',
  })
}

function isIgnored({ host }: Call, folder: string): boolean {
  const lines = host.files.readText(path.join(folder, '.gitignore'))?.split('\n') ?? []
  return lines.some((line) =>
    [fileNames.passwords, `/${fileNames.passwords}`].includes(line.trim()),
  )
}

function nextSteps({ fleet, servers, users }: ServerPlan): string[] {
  const hasUsers = users.length > 0
  const urls = servers.map((host) => `nats://${host.includes(':') ? `[${host}]` : host}:4222`)
  const login = hasUsers ? ', user: NAME, password_file: /etc/torch/fleet.password' : ''
  const list = urls.length === 0 ? 'nats://HOST:4222' : urls.join(', ')
  const single = servers.length === 1 ? ' --replicas 1' : ''
  const as = hasUsers ? ', with the user setup in the config file' : ''
  return [
    '',
    'next:',
    ...(hasUsers
      ? [
          servers.length === 0
            ? `- include ${fileNames.users} in the configuration of your servers`
            : `- copy ${fileNames.passwords} to the same folder of each machine with a server`,
          '- write the password of each machine into its own /etc/torch/fleet.password, chmod 600',
        ]
      : []),
    '- in /etc/torch/torch.yaml of each machine of the fleet:',
    `  fleet: { name: ${fleet}, servers: [${list}]${login} }`,
    `- when the servers run, once${as}: torch fleet init${single}`,
    ...(hasUsers
      ? [
          '- after each later change of users, on each machine with a server: torch kill nats --signal HUP',
        ]
      : []),
  ]
}
