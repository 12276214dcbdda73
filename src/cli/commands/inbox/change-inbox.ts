import { exitStatus } from '../../../errors.ts'
import type { Protocol } from '../../../control/protocol.ts'
import { openHome } from '../../../daemon/startup/open-home.ts'
import { changeMessages } from '../../../record/inbox/kept.ts'
import { openInbox } from '../../../record/inbox/inbox.ts'
import { counted } from '../../../text/plural.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'

/** Runs `torch inbox TASK --again ID|all` and `--drop ID|all`: by the daemon if one runs. */
export async function changeInbox(
  call: Call,
  { again, drop, dead = false, json }: Values,
  tasks: readonly string[],
): Promise<number> {
  const { terminal, args } = call
  if (again !== undefined && drop !== undefined)
    throw usageError('--again and --drop exclude each other', 'give one of them')
  const [task, ...more] = tasks
  if (args.length === 0 || task === undefined || more.length > 0)
    throw usageError('--again and --drop need one task', 'torch inbox TASK --again all')
  const action = again === undefined ? 'drop' : 'again'
  const request = { task, action, which: again ?? drop ?? '', dead } as const
  const messages = await change(call, request)
  const count = counted(messages.length, 'message')
  const words =
    action === 'again' ? `${count} of ${task} wait again` : `${count} of ${task} removed`
  if (json) await terminal.say(JSON.stringify({ task, messages }, null, 2))
  else await terminal.say(messages.length === 1 ? words.replace(' wait ', ' waits ') : words)
  return exitStatus.done
}

async function change(
  call: Call,
  request: Protocol['inbox']['request'],
): Promise<readonly string[]> {
  const { host, paths } = call
  const reply = await ask(call, 'inbox', request, 'optional')
  if (reply !== undefined) return reply.messages
  openHome(host, paths.home)
  return changeMessages(
    openInbox(host, paths.inbox, () => {}),
    request,
  )
}
