import path from 'node:path'
import type { Host } from '../host/host.ts'
import { isAlive, parseStat, type ProcessIdentity, type Signal } from '../host/processes.ts'
import { inputHolder } from './input-pipes.ts'
import { isLive, type LiveRun } from './live-run.ts'
import { unknownTicks } from './recorder.ts'

/*
 * The process group of a run has the pid of its recorder as its number. The system keeps a number from
 * others only as long as a process of the group exists. After that, another group may get it. So torch
 * never signals a number: before each signal it looks for a process that it knows to be of this run.
 */

/**
 * Sends a signal to the whole group of a run; 0 only looks. Returns false if no process of the run is
 * left in it. Throws if the machine cannot say whose processes they are.
 */
export function signalRun(host: Host, run: LiveRun, signal: Signal | 0): boolean {
  const group = recognise(host, run)
  if (group === undefined) return false
  return signal === 0 || host.processes.signalGroup(group, signal)
}

/** The living processes of a run's group, without torch's own: its recorder, and the holder of its input. */
export function membersOf(host: Host, run: LiveRun): readonly ProcessIdentity[] {
  const group = recognise(host, run)
  return group === undefined ? [] : withoutHolder(host, run, membersIn(host, group))
}

function withoutHolder(
  host: Host,
  run: LiveRun,
  members: readonly ProcessIdentity[],
): readonly ProcessIdentity[] {
  if (members.length === 0) return members
  const holder = inputHolder(host, run)
  return members.filter(
    ({ pid, startTicks }) => pid !== holder?.pid || startTicks !== holder.startTicks,
  )
}

/**
 * Notes that the recorder, a child of this process, has just ended. Nobody else can have its number
 * yet, so whatever is in its group now is of the run. Returns how many processes that are; undefined if
 * it was noted before.
 */
export function noteRecorderEnd(host: Host, run: LiveRun): number | undefined {
  const { recorder } = run
  if (recorder === undefined || run.group.kind !== 'led') return undefined
  // FIRST: if looking fails, the number proves nothing when it is tried again.
  run.group = { kind: 'left', members: [] }
  const isEmpty = !host.processes.signalGroup(recorder.pid, 0)
  const members = isEmpty ? [] : membersIn(host, recorder.pid)
  run.group = isEmpty ? { kind: 'gone' } : { kind: 'left', members }
  return withoutHolder(host, run, members).length
}

/** The number of the group, if a process is in it that is known to be of this run. */
function recognise(host: Host, run: LiveRun): number | undefined {
  if (run.recorder === undefined || run.group.kind === 'gone') return undefined
  const { pid } = run.recorder
  const isOurs = host.processes.signalGroup(pid, 0) && hasKnown(host, run, run.recorder)
  if (isOurs) return pid
  run.group = { kind: 'gone' }
  return undefined
}

function hasKnown(host: Host, run: LiveRun, { pid, startTicks }: ProcessIdentity): boolean {
  const leader = host.processes.identify(pid)
  if (leader !== undefined) {
    if (run.group.kind !== 'led') return false
    if (startTicks !== unknownTicks) return leader.startTicks === startTicks
    // Its start time could not be read before. Nobody else can have its pid before its end is reported.
    if (isLive(run)) run.recorder = leader
    return isLive(run)
  }
  const known = run.group.kind === 'left' ? run.group.members : []
  if (
    known.some(
      (member) => host.processes.identify(member.pid)?.group === pid && isAlive(host, member),
    )
  )
    return true
  const members = membersIn(host, pid)
  if (!members.some((member) => belongsTo(host, run, member))) return false
  run.group = { kind: 'left', members }
  return true
}

/** Whether a process is the command of a run, or got its environment from it. */
function belongsTo({ files }: Host, run: LiveRun, { pid, startTicks }: ProcessIdentity): boolean {
  const command = parseStat(files.readText(path.join(run.directory, 'command')))
  if (command?.pid === pid && command.startTicks === startTicks) return true
  try {
    const variables = files.readText(`/proc/${pid}/environ`)?.split('\0') ?? []
    return variables.includes(`TORCH_RUN_ID=${run.description.run}`)
  } catch {
    // It is another user's, or gone by now.
    return false
  }
}

function membersIn({ processes }: Host, group: number): readonly ProcessIdentity[] {
  return processes.groupMembers(group).filter(({ pid }) => pid !== group)
}
