import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitStatus } from '../errors.ts'
import { type Host, thisMachine } from '../host/host.ts'
import { usageError } from './args/option.ts'
import { completeCommand } from './completion/shells.ts'
import { openTerminal, showFailure } from './terminal/terminal.ts'

/** The program `torch`: does what was typed and ends the process with the exit status. */
export async function main(): Promise<void> {
  const terminal = openTerminal(() => process.exit(exitStatus.done))
  const typed = process.argv.slice(2)
  try {
    process.exit(await run(typed))
  } catch (error) {
    process.exit(showFailure(terminal, error, typed.includes('--verbose')))
  }

  /** Each case loads only what it needs: a command is to be quick, and the daemon to be small. */
  async function run(words: readonly string[]): Promise<number> {
    const [first, second, ...more] = words
    const host = thisMachine()
    const version = readVersion(host)
    switch (first) {
      case undefined:
        terminal.note((await import('./help.ts')).overview())
        return exitStatus.usage
      case '--version':
      case '-V':
      case '-v':
        await terminal.say(`torch ${version}`)
        return exitStatus.done
      case '--help':
      case '-h':
        await terminal.say((await import('./help.ts')).overview())
        return exitStatus.done
      case 'help':
        return run(second === undefined ? ['--help'] : [second, ...more, '--help'])
      case completeCommand: {
        const { complete } = await import('./completion/complete.ts')
        await terminal.say(await complete(host, [second, ...more]))
        return exitStatus.done
      }
      case 'daemon': {
        // `torch start` starts this in the background. People do not type it.
        if (!second?.startsWith('{'))
          throw usageError('unknown command "daemon"', 'torch start starts the daemon')
        const { runDetached } = await import('./daemon/run-daemon.ts')
        const script = path.resolve(process.argv[1] ?? '')
        return runDetached(host, version, script, [second, ...more])
      }
      default: {
        const { runCommand } = await import('./run-command.ts')
        return runCommand(host, terminal, version, words)
      }
    }
  }
}

/** The version of this torch, from the package that it came in. */
function readVersion(host: Host): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  const { version } = JSON.parse(host.files.readText(file) ?? '{}') as { version?: string }
  return version ?? 'unknown'
}
