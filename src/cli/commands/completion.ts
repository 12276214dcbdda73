import path from 'node:path'
import { exitStatus } from '../../errors.ts'
import { nearest } from '../../text/suggest.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { installing, scriptFor, type Shell, shells } from '../completion/shells.ts'
import { usageError } from '../args/option.ts'

/** Runs `torch completion`. */
export async function completion({ terminal, args }: Call, values: Values): Promise<number> {
  const shell = args[0] === undefined ? ownShell() : shellNamed(args[0])
  const script = scriptFor(shell)
  if (values.json) {
    await terminal.say(JSON.stringify({ shell, script }, null, 2))
    return exitStatus.done
  }
  await terminal.out(script)
  if (args[0] === undefined) {
    terminal.note(`This script is for ${shell}. To install it:`)
    for (const line of installing[shell]) terminal.note(`  ${line}`)
  }
  return exitStatus.done
}

function shellNamed(name: string): Shell {
  const found = shells.find((each) => each === name)
  if (found !== undefined) return found
  const near = nearest(name, shells)
  throw usageError(
    `no completion for the shell ${JSON.stringify(name)}`,
    near === undefined ? `torch completes in ${shells.join(', ')}` : `did you mean "${near}"?`,
  )
}

/** The login shell of the user. */
function ownShell(): Shell {
  const name = path.basename(process.env['SHELL'] ?? '')
  const found = shells.find((each) => each === name)
  if (found !== undefined) return found
  throw usageError(
    name === '' ? 'SHELL is not set, so name a shell' : `no completion for the shell ${name}`,
    shells.map((each) => `torch completion ${each}`).join(', '),
  )
}
