import { TorchError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { OpenedSocket } from '../host/listening-sockets.ts'
import { isAlive, type ProcessIdentity } from '../host/processes.ts'
import { hasCode, quietly } from '../host/system-error.ts'
import { parseListen } from '../tasks/file/listen.ts'
import { collide } from '../tasks/sockets.ts'
import type { ListenAddress, Task } from '../tasks/task.ts'
import { readTraces, type RunSocket } from './directory.ts'
import { ownerOf } from './environment.ts'

/*
 * The sockets on which runs accept connections. torch opens them and gives each run a copy, so that
 * clients can always connect: also while a run is replaced, while none runs, and while torch restarts.
 */

/** A run finds its first socket here, as with systemd: see sd_listen_fds(3). */
const firstSocket = 3

/** A socket that this process holds. */
export interface HeldSocket extends OpenedSocket {
  /** The task that uses it. */
  readonly task: string
  readonly address: ListenAddress
}

/** What the next daemon needs to know of a socket that it inherits. */
export type InheritedSocket = Pick<HeldSocket, 'task' | 'address' | 'file'>

/** What became of the sockets of a task. */
type OpenAnswer =
  | { readonly kind: 'open' }
  /** A run of the task has a socket in the way, and torch does not hold that: it must end first. */
  | { readonly kind: 'blocked'; readonly error: TorchError }
  | { readonly kind: 'failed'; readonly error: TorchError }

/** The sockets that a process holds. A daemon has one value of these as long as it lives. */
export interface TaskSockets {
  /** By the text of their address. */
  readonly held: ReadonlyMap<string, HeldSocket>
  /**
   * Opens the sockets of a task that are not open. Those that one of its living `runs` has, and this
   * process does not, are taken out of the run. Never throws.
   */
  open(task: Task, runs: readonly SocketOwner[]): OpenAnswer
  /** Makes the file of a Unix socket again if it is gone, or is no longer as the task says. Throws. */
  repair(task: Task): void
  /** Closes sockets, and removes the files of those that have one. */
  close(isUnneeded: (socket: HeldSocket) => boolean): void
  /** Closes the descriptors alone: the next daemon has the same sockets. */
  release(): void
  /** Takes up the sockets that the previous daemon left as this descriptor and those after it. */
  inherit(sockets: readonly InheritedSocket[], first: number): void
}

/** A run, as far as its sockets matter. */
export interface SocketOwner {
  readonly description: { readonly run: string }
  readonly directory: string
  readonly recorder: ProcessIdentity | undefined
  readonly sockets: readonly RunSocket[]
}

/** `report` gets facts and words for the log. */
export function newTaskSockets(
  host: Host,
  report: (facts: object, words: string) => void = () => {},
): TaskSockets {
  const held = new Map<string, HeldSocket>()
  const hold: Hold = (task, address, opened, how) => {
    held.set(address.text, { ...opened, task: task.name, address })
    const facts = { task: task.name, address: address.text, how }
    report(facts, `${task.name} listens on ${address.text}${how === 'opened' ? '' : ` (${how})`}`)
  }
  return {
    held,
    open(task, runs) {
      for (const address of task.listen) {
        const found = held.get(address.text)
        // A renamed task continues with the socket that it had under its old name.
        if (found !== undefined) held.set(address.text, { ...found, task: task.name })
        const failure = found === undefined && openOne(host, hold, { task, address, runs })
        if (failure) return failure
      }
      return { kind: 'open' }
    },
    repair(task) {
      for (const address of task.listen) {
        const socket = held.get(address.text)
        if (socket !== undefined) repairOne(host, hold, { task, socket })
      }
    },
    close(isUnneeded) {
      for (const [text, socket] of held) {
        if (!isUnneeded(socket)) continue
        held.delete(text)
        closeSocket(host, socket)
        const { task } = socket
        report({ task, address: text, how: 'closed' }, `${task} no longer listens on ${text}`)
      }
    },
    release() {
      for (const { descriptor } of held.values()) host.files.close(descriptor)
      held.clear()
    },
    inherit(sockets, first) {
      for (const [at, socket] of sockets.entries()) {
        const descriptor = quietly(() => host.sockets.inherit(first + at, socket.address))
        if (descriptor !== undefined) held.set(socket.address.text, { ...socket, descriptor })
      }
    },
  }
}

/** Keeps a socket for a task, and reports `how` it was opened. */
type Hold = (task: Task, address: ListenAddress, opened: OpenedSocket, how: string) => void

/** Takes a socket out of a run of the task, or opens it. Returns why that failed. */
function openOne(
  host: Host,
  hold: Hold,
  wanted: { task: Task; address: ListenAddress; runs: readonly SocketOwner[] },
): Exclude<OpenAnswer, { kind: 'open' }> | undefined {
  const { task, address, runs } = wanted
  try {
    const taken = takeFromRuns(host, address, runs)
    if (taken !== undefined) hold(task, address, taken, 'found in a run')
    else hold(task, address, host.sockets.open(address, ownerOf(host, task)), 'opened')
    return undefined
  } catch (error) {
    const blocker = hasCode(error, 'EADDRINUSE') ? ownBlocker(address, runs) : undefined
    const failure = listenError(address, error, blocker)
    return { kind: blocker === undefined ? 'failed' : 'blocked', error: failure }
  }
}

function repairOne(
  host: Host,
  hold: Hold,
  { task, socket }: { task: Task; socket: HeldSocket },
): void {
  const { address } = socket
  const owner = ownerOf(host, task)
  if (isInPlace(host, socket, owner)) return
  try {
    const next = host.sockets.open(address, owner, socket.file)
    host.files.close(socket.descriptor)
    hold(task, address, next, 'made again')
  } catch (error) {
    throw listenError(address, error)
  }
}

const none: readonly HeldSocket[] = []

/** The sockets for a run of the task. Throws why they cannot be opened. */
export function openSockets(
  sockets: TaskSockets,
  task: Task,
  runs: readonly SocketOwner[],
): readonly HeldSocket[] {
  if (task.listen.length === 0) return none
  const found = sockets.open(task, runs)
  if (found.kind !== 'open') throw found.error
  sockets.repair(task)
  return task.listen.flatMap(({ text }) => sockets.held.get(text) ?? [])
}

/** The codes of errors that say that the machine has no room for another socket at the moment. */
export const exhaustedCodes = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'] as const

function listenError(address: ListenAddress, error: unknown, blocker?: SocketOwner): TorchError {
  if (hasCode(error, 'ENOSYS'))
    return new TorchError('cannot-listen', messageOf(error), { cause: error })
  const own = blocker === undefined ? '' : ` by its own run ${blocker.description.run}`
  return new TorchError(
    'cannot-listen',
    `cannot listen on ${address.text}: ${messageOf(error)}${own}`,
    { cause: error },
  )
}

/** A copy of the socket that one of these runs has, if one has it and the system allows to take it. */
function takeFromRuns(
  host: Host,
  address: ListenAddress,
  runs: readonly SocketOwner[],
): OpenedSocket | undefined {
  for (const run of runs) {
    const at = run.sockets.findIndex((socket) => socket.address === address.text)
    if (at < 0) continue
    for (const owner of [run.recorder, commandOf(host, run)]) {
      const descriptor = quietly(() => takeFrom(host, owner, firstSocket + at, address))
      if (descriptor !== undefined) return { descriptor, file: run.sockets[at]?.file }
    }
  }
  return undefined
}

function commandOf(host: Host, { directory }: SocketOwner): ProcessIdentity | undefined {
  return readTraces(host, directory).command
}

function takeFrom(
  host: Host,
  owner: ProcessIdentity | undefined,
  number: number,
  address: ListenAddress,
): number | undefined {
  if (owner === undefined || !isAlive(host, owner)) return undefined
  const descriptor = host.sockets.takeFrom(owner.pid, number, address)
  if (isAlive(host, owner)) return descriptor
  // Another process may have got the number meanwhile.
  host.files.close(descriptor)
  return undefined
}

/** A run of the task that has a socket in the way of this address. */
function ownBlocker(address: ListenAddress, runs: readonly SocketOwner[]): SocketOwner | undefined {
  return runs.find(({ sockets }) =>
    sockets.some((socket) => {
      const own = parseListen(socket.address)
      return own !== undefined && collide(own, address)
    }),
  )
}

function isInPlace(
  { files }: Host,
  { address, file }: HeldSocket,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): boolean {
  if (address.kind !== 'unix') return true
  const facts = quietly(() => files.facts(address.path))
  return facts?.identity === file && facts?.uid === uid && facts.gid === gid
}

function closeSocket({ files }: Host, { address, file, descriptor }: HeldSocket): void {
  files.close(descriptor)
  if (address.kind !== 'unix') return
  quietly(() => {
    // Somebody else may have put another file there.
    if (files.facts(address.path)?.identity === file) files.remove(address.path)
  })
}
