import { exitStatus } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'

/** Runs `torch reopen`. Without a daemon nobody holds an old log open, so logrotate gets no error. */
export async function reopen(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const reply = await ask(call, 'reopen', {}, 'optional')
  if (values.json) await terminal.say(JSON.stringify({ log: reply?.log ?? null }, null, 2))
  else if (reply === undefined) await terminal.say('no torch daemon runs: nothing to reopen')
  else if (reply.log === null) await terminal.say('the daemon logs to standard output')
  else await terminal.say(`reopened ${reply.log}`)
  return exitStatus.done
}
