import { exitStatus } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import type { Command } from '../command.ts'
import { demandFile } from '../daemon/daemon-file.ts'

export const restart: Command = {
  words: '',
  mostWords: 0,
  leastWords: 0,
  options: [],
  about: `Puts a new daemon in the place of the one that runs, also one of a newer version of torch.
What runs goes on under the new one, no second is skipped and none done twice. Where the
new one does not become ready the old one goes on as before, and this says why.`,
  examples: [['restart', 'after an upgrade of torch']],
  async run(call, values) {
    const { terminal } = call
    const before = await ask(call, 'status', {})
    demandFile(call, values, before.file.path)
    const { pid } = await ask(call, 'restart', {})
    const old = before.daemon?.pid ?? null
    if (values.json) await terminal.say(JSON.stringify({ pid, before: old }, null, 2))
    else await terminal.say(`torch restarted: pid ${pid} in the place of ${old}`)
    return exitStatus.done
  },
}
