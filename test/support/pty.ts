import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { script, type Site } from './torch.ts'
import { until } from './until.ts'

/** torch on a terminal of its own. */
interface OnTerminal {
  /** Everything written so far, as the terminal receives it. */
  shown(): string
  /** Types text. */
  type(text: string): void
  /** Sends a signal; SIGCONT also goes to the terminal, which was stopped too. */
  signal(name: NodeJS.Signals): void
  isStopped(): boolean
  /** Changes the size of the window. */
  resize(columns: number, rows: number): void
  /** The exit status. */
  readonly ended: Promise<number | null>
}

/** Tests have a terminal only if script(1) of util-linux is installed. */
export const mayHaveTerminal = spawnSync('script', ['--version']).status === 0

/** Runs torch on a pseudo-terminal of this size. */
export async function torchOnTerminal(
  site: Site,
  words: readonly string[],
  { columns, rows }: { columns: number; rows: number },
): Promise<OnTerminal> {
  const command = `stty cols ${columns} rows ${rows}; exec ${[process.execPath, script, ...words].join(' ')}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: site.folder,
    env: {
      PATH: process.env['PATH'],
      HOME: site.folder,
      TORCH_HOME: site.home,
      TEST_SITE: site.folder,
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
    },
  })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const pid = await until(() => commandOf(child.pid ?? 0), 'torch on a terminal')
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    signal(name) {
      process.kill(pid, name)
      if (name === 'SIGCONT') child.kill(name)
    },
    isStopped: () => / T /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')),
    resize(width, height) {
      const tty = fs.readlinkSync(`/proc/${pid}/fd/0`)
      spawnSync('stty', ['-F', tty, 'cols', String(width), 'rows', String(height)])
    },
    ended,
  }
}

/** The child of script(1), as soon as it has become torch. */
function commandOf(pid: number): number | undefined {
  try {
    const [child = ''] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return fs.readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith(process.execPath)
      ? Number(child)
      : undefined
  } catch {
    return undefined
  }
}
