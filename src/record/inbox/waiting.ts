import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { Amount } from '../../plan/messages.ts'
import { maxHeadBytes, type MessageName, parseMessageName, textBytes } from './message-file.ts'

/** A message that waits. */
interface WaitingMessage extends MessageName {
  /** Of its text. */
  readonly bytes: number
}

type NewlyWaiting = MessageName & { readonly bytes?: number }

/**
 * What waits for each task, the oldest first: the names in its folder `new`, read once and kept. Others put
 * messages there too, while no daemon runs, so look() compares it with the folder.
 */
export interface Waiting {
  of(task: string): readonly WaitingMessage[]
  amount(task: string): Amount
  /** Of those without a size it is read. */
  add(task: string, messages: readonly NewlyWaiting[]): void
  remove(task: string, names: ReadonlySet<string>): void
  /** Reads the folder again if it may have changed. */
  look(task: string): void
}

/** A folder that changed less than this ago may change again without a new time. */
const settledMs = 1_000

interface Known {
  messages: WaitingMessage[]
  bytes: number
  /** When the folder was changed last, as it was listed; undefined: it must be listed again. */
  changedMs: number | undefined
}

/** Nothing is read yet. `folderOf` is the folder `new` of a task. */
export function newWaiting(host: Host, folderOf: (task: string) => string): Waiting {
  const known = new Map<string, Known>()

  function read(task: string, before: Known | undefined): Known {
    const folder = folderOf(task)
    // BEFORE it is listed: what comes later changes the time again.
    const changedMs = host.files.facts(folder)?.mtimeMs ?? 0
    const old = new Map(before?.messages.map((each) => [each.name, each]))
    const messages = host.files.list(folder).flatMap((name) => {
      const parsed = parseMessageName(name)
      if (parsed === undefined) return []
      return [old.get(name) ?? { ...parsed, bytes: bytesOf(host, path.join(folder, name)) }]
    })
    const isSettled = host.clock.now() - changedMs > settledMs
    return { ...summed(messages), changedMs: isSettled ? changedMs : undefined }
  }

  function knownOf(task: string): Known {
    const found = known.get(task)
    if (found !== undefined) return found
    const made = read(task, undefined)
    known.set(task, made)
    return made
  }

  return {
    of: (task) => knownOf(task).messages,
    amount(task) {
      const { messages, bytes } = knownOf(task)
      return { count: messages.length, bytes }
    },
    add(task, added) {
      const found = knownOf(task)
      for (const { name, id, tries, bytes } of added) {
        const size = bytes ?? bytesOf(host, path.join(folderOf(task), name))
        insert(found, { name, id, tries, bytes: size })
      }
    },
    remove(task, names) {
      const found = knownOf(task)
      const [first] = found.messages
      if (names.size === 1 && first && names.has(first.name)) {
        found.messages.shift()
        found.bytes -= first.bytes
        return
      }
      Object.assign(found, summed(found.messages.filter(({ name }) => !names.has(name))))
    },
    look(task) {
      const found = knownOf(task)
      const changedMs = host.files.facts(folderOf(task))?.mtimeMs ?? 0
      if (found.changedMs !== changedMs) known.set(task, read(task, found))
    },
  }
}

function summed(messages: WaitingMessage[]): Pick<Known, 'messages' | 'bytes'> {
  return { messages, bytes: messages.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Usually it is the last one. It is there already if the folder was read meanwhile. */
function insert(known: Known, message: WaitingMessage): void {
  const { messages } = known
  let low = 0
  let high = messages.length
  if ((messages.at(-1)?.id ?? '') < message.id) low = high
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.id ?? '') < message.id) low = middle + 1
    else high = middle
  }
  const before = messages[low]
  const isThere = before?.id === message.id
  messages.splice(low, isThere ? 1 : 0, message)
  known.bytes += message.bytes - (isThere ? before.bytes : 0)
}

/** 0 for one that was taken away meanwhile, or cannot be read: whoever takes it finds out. */
function bytesOf({ files }: Host, file: string): number {
  try {
    return textBytes(files.readBytes(file, 0, maxHeadBytes))
  } catch {
    return 0
  }
}
