import path from 'node:path'
import { exitStatus } from '../../errors.ts'
import { nearest } from '../../text/suggest.ts'
import type { Command } from '../command.ts'
import { installing, scriptFor } from '../completion/scripts.ts'
import { type Shell, shells } from '../completion/shells.ts'
import { usageError } from '../args/option.ts'

export const completion: Command = {
  words: '[SHELL]',
  mostWords: 1,
  leastWords: 0,
  options: [],
  // The variable is not meant for a script that is about to be sourced.
  flagsOnly: ['json'],
  about: `Prints a script that makes ${shells.join(', ')} complete what you type of torch: commands,
options and their values, files, and the names that there are: of tasks, runs, labels,
hosts, time zones and revisions. Its first lines say where to put it. Without SHELL it
is for your own ($SHELL).`,
  examples: [
    ['completion bash > torch.bash', 'the script, for bash'],
    ['completion fish > ~/.config/fish/completions/torch.fish', 'for good, for fish'],
  ],
  async run({ terminal, words }, values) {
    const shell = words[0] === undefined ? ownShell() : shellCalled(words[0])
    const script = scriptFor(shell)
    if (values.json) {
      await terminal.say(JSON.stringify({ shell, script }, null, 2))
      return exitStatus.done
    }
    await terminal.out(script)
    if (words[0] === undefined) {
      terminal.note(`This is for ${shell}. To have it for good:`)
      for (const line of installing[shell]) terminal.note(`  ${line}`)
    }
    return exitStatus.done
  },
}

function shellCalled(name: string): Shell {
  const found = shells.find((each) => each === name)
  if (found !== undefined) return found
  const near = nearest(name, shells)
  throw usageError(
    `there is no completion for ${JSON.stringify(name)}`,
    near === undefined ? `there is for ${shells.join(', ')}` : `did you mean "${near}"?`,
  )
}

/** The one that a terminal of this user starts with. */
function ownShell(): Shell {
  const name = path.basename(process.env['SHELL'] ?? '')
  const found = shells.find((each) => each === name)
  if (found !== undefined) return found
  throw usageError(
    name === ''
      ? 'which shell is not said: SHELL is not set'
      : `there is no completion for ${name}`,
    shells.map((each) => `torch completion ${each}`).join(', '),
  )
}
