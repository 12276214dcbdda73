import { describe, expect, test } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import type { ProcessStat, Signal } from '../../src/host/processes.ts'
import { membersOf, noteRecorderEnd, signalRun } from '../../src/run/process-group.ts'
import { liveRunIn } from '../support/live-run.ts'

interface Fake extends ProcessStat {
  /** The run whose variables it has. */
  readonly run?: string
}

const id = '20260310T120000.000-aaaaaa'
const recorder: Fake = { pid: 40, startTicks: 7, group: 40 }
const child: Fake = { pid: 41, startTicks: 8, group: 40, run: id }
const bare: Fake = { pid: 42, startTicks: 9, group: 40 }
const foreign: Fake = { pid: 43, startTicks: 99, group: 40, run: 'another-run' }
const foreignLeader: Fake = { pid: 40, startTicks: 98, group: 40 }

/** A machine with these processes, and the groups that were signalled. */
function machine(...first: Fake[]) {
  let living = first
  const sent: (Signal | 0)[] = []
  const real = thisMachine()
  const host: Host = {
    ...real,
    files: {
      ...real.files,
      readText: (file) => {
        const of = living.find(({ pid }) => file === `/proc/${pid}/environ`)
        return of && `A=b\0TORCH_RUN_ID=${of.run}\0`
      },
    },
    processes: {
      ...real.processes,
      identify: (pid) => living.find((each) => each.pid === pid),
      groupMembers: (group) => living.filter((each) => each.group === group),
      signalGroup(group, signal) {
        if (!living.some((each) => each.group === group)) return false
        if (signal !== 0) sent.push(signal)
        return true
      },
    },
  }
  const run = { ...liveRunIn({ kind: 'running' }, id), recorder }
  return { host, run, sent, become: (...now: Fake[]) => void (living = now) }
}

describe('the process group of a run', () => {
  test('the group of a run is signalled while its recorder lives', () => {
    const { host, run, sent } = machine(recorder, bare)
    expect(signalRun(host, run, 'SIGTERM')).toBe(true)
    expect(sent).toEqual(['SIGTERM'])
  })

  test('the group of a run is left alone if its number belongs to another process', () => {
    const { host, run, sent } = machine(foreignLeader, foreign)
    expect(signalRun(host, run, 'SIGTERM')).toBe(false)
    expect([sent, membersOf(host, run)]).toEqual([[], []])
  })

  test('a group that was seen empty is never signalled again', () => {
    const { host, run, sent, become } = machine(recorder)
    become()
    expect(signalRun(host, run, 0)).toBe(false)
    become(recorder, child)
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
    expect(sent).toEqual([])
  })

  test('a process that was in the group when the recorder ended is signalled later', () => {
    const { host, run, sent, become } = machine(bare)
    expect(noteRecorderEnd(host, run)).toBe(1)
    become(bare, foreign)
    expect(membersOf(host, run)).toHaveLength(2)
    expect(signalRun(host, run, 'SIGKILL')).toBe(true)
    expect(sent).toEqual(['SIGKILL'])
  })

  test('processes that got the number of the group after the recorder ended are left alone', () => {
    const { host, run, sent, become } = machine(bare)
    noteRecorderEnd(host, run)
    become(foreign)
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
    become(foreignLeader, bare)
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
    expect(sent).toEqual([])
  })

  test('a process with the pid of a member but another start does not count', () => {
    const { host, run, become } = machine(bare)
    noteRecorderEnd(host, run)
    become({ ...bare, startTicks: 100 })
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
  })

  test('a member that left the group does not count', () => {
    const { host, run, become } = machine(bare)
    noteRecorderEnd(host, run)
    become({ ...bare, group: 42 }, foreign)
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
  })

  test('without its recorder a group is recognised by the variables of the run', () => {
    const ours = machine(child, bare)
    expect(signalRun(ours.host, ours.run, 'SIGKILL')).toBe(true)
    expect(membersOf(ours.host, ours.run)).toEqual([child, bare])
    const others = machine(foreign)
    expect(signalRun(others.host, others.run, 'SIGKILL')).toBe(false)
  })

  test('if the members of a group are unknown when its recorder ends, its number proves nothing', () => {
    const { host, run, become } = machine(bare)
    const groupMembers = () => {
      throw new Error('no descriptor left')
    }
    const blind = { ...host, processes: { ...host.processes, groupMembers } }
    expect(() => noteRecorderEnd(blind, run)).toThrow('no descriptor left')
    become(foreignLeader)
    noteRecorderEnd(host, run)
    expect(signalRun(host, run, 'SIGKILL')).toBe(false)
  })

  test('a recorder whose start could not be read is not recognised after its end was reported', () => {
    const { host, run, become } = machine(recorder)
    const unread = { ...run, recorder: { pid: 40, startTicks: 0 } }
    expect(signalRun(host, unread, 0)).toBe(true)
    expect(unread.recorder).toMatchObject({ startTicks: 7 })
    const again = { ...run, recorder: { pid: 40, startTicks: 0 } }
    become(bare)
    noteRecorderEnd(host, again)
    become(foreignLeader, foreign)
    expect(signalRun(host, again, 'SIGKILL')).toBe(false)
  })
})
