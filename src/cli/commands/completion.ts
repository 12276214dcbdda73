import path from 'node:path'
import { exitStatus } from '../../errors.ts'
import { nearest } from '../../text/suggest.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { installing, scriptFor } from '../completion/scripts.ts'
import { type Shell, shells } from '../completion/shells.ts'
import { usageError } from '../args/option.ts'

export async function completion({ terminal, args }: Call, values: Values): Promise<number> {
  const shell = args[0] === undefined ? ownShell() : shellCalled(args[0])
  const script = scriptFor(shell)
  if (values.json) {
    await terminal.say(JSON.stringify({ shell, script }, null, 2))
    return exitStatus.done
  }
  await terminal.out(script)
  if (args[0] === undefined) {
    terminal.note(`This is for ${shell}. To have it for good:`)
    for (const line of installing[shell]) terminal.note(`  ${line}`)
  }
  return exitStatus.done
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
