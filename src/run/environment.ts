import { parseEnv } from 'node:util'
import type { Account } from '../host/accounts.ts'
import { plainEnv } from '../tasks/file/env-file.ts'
import type { Task } from '../tasks/task.ts'

/** Where programs are looked for, unless the task says otherwise: what login(1) gives root. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface EnvironmentFacts {
  readonly account: Account
  readonly hostName: string
  /** The text of the task's env_file. */
  readonly envFile: string | undefined
  /** LANG of the daemon. */
  readonly lang: string | undefined
}

/**
 * What all runs of a task have in their environment, nothing of the daemon's own: what cron gives,
 * the zone of its schedule as TZ, then env_file, then env, then the TORCH_ names, which a task
 * cannot change. Those of the run itself are the recorder's to set, from the line that it gets.
 */
export function environmentOf(task: Task, facts: EnvironmentFacts): Record<string, string> {
  const { account } = facts
  return {
    PATH: defaultPath,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: task.shell,
    LANG: facts.lang ?? 'C.UTF-8',
    TZ: task.timezone,
    ...(facts.envFile === undefined ? {} : definedOnly(parseEnv(plainEnv(facts.envFile)))),
    ...task.env,
    TORCH_TASK: task.name,
    TORCH_HOST: facts.hostName,
  }
}

function definedOnly(values: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}
