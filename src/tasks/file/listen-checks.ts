import { canMeet } from '../hosts.ts'
import { collide } from '../sockets.ts'
import type { ListenAddress, Task } from '../task.ts'
import { grouped } from '../../text/grouped.ts'
import type { KeyPath } from './key-path.ts'
import { maxAddressPairs } from './limits.ts'
import type { Source } from './source.ts'

/** A task, and where it is written. */
export interface PlacedTask {
  readonly source: Source
  readonly path: KeyPath
  readonly task: Task
}

/** Reports what is wrong with the addresses of one task. `why` says why this machine cannot listen. */
export function checkListen({ source, path, task }: PlacedTask, why: string | undefined): void {
  const { listen, command, shell, env } = task
  if (listen.length === 0) return
  const listenPath = [...path, 'listen']
  if (why !== undefined) {
    const message = `cannot listen on this machine: ${why}`
    source.report(listenPath, message, { severity: 'warning', hint: 'see torch doctor' })
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('LISTEN_')) continue
    const own = [...path, 'env', name]
    source.report(source.has(own) ? own : listenPath, `${name} cannot be set with listen`, {
      hint: `remove ${name} from env: torch sets these variables itself`,
    })
  }
  for (const [at, address] of listen.entries()) {
    const other = listen.slice(0, at).find((before) => collide(before, address))
    if (other === undefined) continue
    const message =
      other.text === address.text
        ? `${address.text} is given twice`
        : `${address.text} collides with ${other.text}`
    source.report(entryPath(source, listenPath, at, address), message)
  }
  if (typeof command === 'string' && !isLastExec(command) && !/\/(?:bash|zsh)$/.test(shell)) {
    const message =
      'shell-between: the shell stays between torch and the program, and LISTEN_PID is not the pid of the program'
    const hint = 'write exec before the last command'
    source.report([...path, 'command'], message, { severity: 'warning', hint })
  }
}

/** Where an address is written: in a list, in a map, or alone. */
function entryPath(source: Source, path: KeyPath, at: number, { name }: ListenAddress): KeyPath {
  const inner = [...path, name ?? at]
  return source.has(inner) ? inner : path
}

/** Whether the shell replaces itself by the last command of a text, as far as that can be seen. */
function isLastExec(text: string): boolean {
  const last = commandsOf(text).findLast((command) => !/^(?:fi|esac|\})$/.test(command)) ?? ''
  return /^(?:(?:then|else|\{)\s+)?(?:[A-Za-z_]\w*=\S*\s+)*exec\s/.test(last)
}

/** The commands of a text for the shell, in order, without comments. */
function commandsOf(text: string): string[] {
  const commands: string[] = ['']
  for (const [token] of text.matchAll(shellToken)) {
    const current = commands.at(-1) ?? ''
    if (/^(?:\n|;|&&?|\|\|?)$/.test(token)) commands.push('')
    else if (!token.startsWith('#') || /\S$/.test(current)) commands[commands.length - 1] += token
  }
  return commands.map((command) => command.trim()).filter((command) => command !== '')
}

/** Quoted text, an escaped character, a redirection, a comment, what separates commands, or a character. */
const shellToken =
  /'[^']*'|"(?:\\.|[^"\\])*"|\\.|[<>]&|&>|(?<![^\s;&|])#[^\n]*|&&|\|\||[^'"\\<>&|;#\n]+|./gs

/**
 * Reports two tasks with one address that can run on the same machine. The later one of them is wrong.
 */
export function checkSharedAddresses(all: readonly PlacedTask[]): void {
  const placed = all.flatMap((each) =>
    each.task.enabled ? each.task.listen.map((address, at) => ({ ...each, address, at })) : [],
  )
  let pairs = 0
  // Only sockets with one port, or one path, can collide.
  for (const same of grouped(placed, ({ address }) => placeOf(address)).values()) {
    for (const [at, { source, path, task, address, at: place }] of same.entries()) {
      const other = same.slice(0, at).find((before) => {
        if (before.task === task || pairs++ > maxAddressPairs) return false
        return collide(before.address, address) && canMeet(before.task.hosts, task.hosts)
      })
      if (other === undefined) continue
      const { text } = other.address
      const what = text === address.text ? 'is also an address' : `collides with ${text}`
      const where = other.source.position(other.path)
      const message = `${address.text} ${what} of ${JSON.stringify(other.task.name)} (${where}), and both can run on one machine`
      const hint = 'choose another address, or hosts that exclude each other'
      source.report(entryPath(source, [...path, 'listen'], place, address), message, { hint })
    }
  }
}

function placeOf(address: ListenAddress): string {
  return address.kind === 'unix' ? address.path : String(address.port)
}
