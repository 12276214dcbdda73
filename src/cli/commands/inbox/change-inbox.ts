import { exitStatus } from '../../../errors.ts'
import type { Protocol } from '../../../control/protocol.ts'
import { openHome } from '../../../daemon/startup/open-home.ts'
import { changeMessages, countMessages } from '../../../record/inbox/kept.ts'
import { openInbox } from '../../../record/inbox/inbox.ts'
import { counted } from '../../../text/plural.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'

type Request = Protocol['inbox']['request']

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
  if (json) await terminal.say(JSON.stringify({ task, messages }, null, 2))
  else if (messages.length === 0) await sayNothing(call, request)
  else await terminal.say(doneWords(request, messages.length))
  return exitStatus.done
}

function doneWords({ task, action }: Request, messages: number): string {
  const count = counted(messages, 'message')
  if (action === 'drop') return `${count} of ${task} removed`
  return `${count} of ${task} ${messages === 1 ? 'waits' : 'wait'} again`
}

/** Only `all` can mean no message, and there may be some in another place. */
async function sayNothing(
  { host, terminal, paths }: Call,
  { task, action, dead }: Request,
): Promise<void> {
  const isOfDead = action === 'again' || dead
  const state = action === 'again' ? 'is dead' : dead ? 'is dead or damaged' : 'waits'
  await terminal.say(`no message of ${task} ${state}`)
  const counts = countMessages(
    openInbox(host, paths.inbox, () => {}),
    task,
  )
  const rest = counts.dead + counts.bad
  if (!isOfDead && rest > 0) {
    const drop = `torch inbox ${shellQuoted(task)} --dead --drop all`
    terminal.note(`hint: ${drop} removes ${rest} dead or damaged`)
  }
}

async function change(call: Call, request: Request): Promise<readonly string[]> {
  const { host, paths } = call
  const reply = await ask(call, 'inbox', request, 'optional')
  if (reply !== undefined) return reply.messages
  openHome(host, paths.home)
  return changeMessages(
    openInbox(host, paths.inbox, () => {}),
    request,
  )
}
