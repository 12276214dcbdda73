import path from 'node:path'
import { exitStatus } from '../errors.ts'
import { thisMachine } from '../host/host.ts'
import { overview } from './commands.ts'
import { askWord } from './completion/scripts.ts'
import { showFailure } from './terminal/failure.ts'
import { usageError } from './args/option.ts'
import { readVersion } from './version.ts'
import { openTerminal } from './terminal/terminal.ts'

/** The command `torch`: does what it was called for, and ends the process with its exit status. */
export async function main(): Promise<void> {
  const terminal = openTerminal(() => process.exit(exitStatus.done))
  const words = process.argv.slice(2)
  try {
    process.exit(await obey(words))
  } catch (error) {
    process.exit(showFailure(terminal, error, words.includes('--verbose')))
  }

  async function obey(typed: string[]): Promise<number> {
    const [first, second, ...more] = typed
    const host = thisMachine()
    const version = readVersion(host)
    switch (first) {
      case undefined:
        terminal.note(overview())
        return exitStatus.usage
      case '--version':
      case '-V':
      case '-v':
        await terminal.say(`torch ${version}`)
        return exitStatus.done
      case '--help':
      case '-h':
        await terminal.say(overview())
        return exitStatus.done
      case 'help':
        return obey(second === undefined ? ['--help'] : [second, ...more, '--help'])
      case askWord:
        await terminal.say(
          await (await import('./completion/complete.ts')).complete(host, [second, ...more]),
        )
        return exitStatus.done
      case 'daemon':
        // What `torch start` starts in the background: no command for people.
        if (!second?.startsWith('{'))
          throw usageError('"daemon" is no command', 'torch start starts the daemon')
        return (await import('./daemon/run-daemon.ts')).runDetached(
          host,
          version,
          path.resolve(process.argv[1] ?? ''),
          [second, ...more],
        )
      default:
        return (await import('./dispatch.ts')).dispatch(host, terminal, version, typed)
    }
  }
}
