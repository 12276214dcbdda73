import { type GroupResult, runInGroup } from '../host/group-program.ts'
import type { CommandTarget } from '../tasks/notify.ts'
import type { Message } from './message.ts'
import type { Delivery } from './retry-plan.ts'
import { textOf, titleOf } from './text.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Runs the command of a target: it gets the text on its standard input, and the facts as variables. */
export async function sendToCommand(
  { command }: CommandTarget,
  message: Message,
  variables: Variables,
  signal: AbortSignal,
): Promise<Delivery> {
  const env = { ...basicVariables(variables), ...factVariables(message) }
  const result = await runInGroup({ command, env, input: textOf(message), signal })
  return deliveryOf(result, signal, command[0] ?? '')
}

/** What the end of a program says. Whatever it was, it may work later. */
export function deliveryOf(result: GroupResult, signal: AbortSignal, program: string): Delivery {
  const { code, signal: by, failure } = result
  const output = result.output.trim()
  const details = output !== '' && { details: output.slice(0, maxDetailsLength) }
  if (code === 0) return { kind: 'delivered', words: 'exit code 0', ...details }
  if (failure !== null) return { kind: 'later', words: whyNotStarted(program, failure) }
  if (signal.aborted) return { kind: 'later', words: 'it did not end in time', ...details }
  return { kind: 'later', words: by ?? `exit code ${code}`, ...details }
}

/** `failure`: the message of Node, such as `spawn /srv/tell EACCES`. */
function whyNotStarted(program: string, failure: string): string {
  if (failure.endsWith('EACCES')) return `${program} is not executable: chmod +x ${program}`
  if (failure.endsWith('ENOENT'))
    return `${program}, or the interpreter in its first line, was not found`
  return `${program} cannot be started: ${failure}`
}

const maxDetailsLength = 300

/** Only these of the daemon: others may be secrets of other targets. */
export function basicVariables(variables: Variables): Record<string, string> {
  const kept = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ']
  const given = kept.flatMap((name) => {
    const value = variables[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.fromEntries(given),
  }
}

/** The kernel takes 128 KiB; a name of a task or a reason is shorter. */
const maxVariableLength = 10_000

/** Facts that a message does not have are empty. */
function factVariables(message: Message): Record<string, string> {
  const facts = {
    TORCH_MESSAGE: message.id,
    TORCH_EVENT: message.kind,
    TORCH_TITLE: titleOf(message),
    TORCH_HOST: message.host,
    TORCH_TASK: message.task,
    TORCH_DESCRIPTION: message.description,
    TORCH_RUN: message.run,
    TORCH_AT: message.at,
    TORCH_SINCE: message.since,
    TORCH_EXIT_CODE: message.exitCode,
    TORCH_SIGNAL: message.signal,
    TORCH_OUTCOME: message.outcome,
    TORCH_REASON: message.reason,
    TORCH_MORE: message.more,
    TORCH_URL: message.url,
    TORCH_COUNT: message.count,
  }
  // Nor a zero byte.
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      String(value ?? '')
        .replaceAll('\0', '')
        .slice(0, maxVariableLength),
    ]),
  )
}
