import { describe, expect, test } from 'vitest'
import { planRecovery } from '../../src/plan/recovery.ts'
import { type EndFacts, verdictOf } from '../../src/plan/run-outcome.ts'

const names: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
}
const facts = (given: Partial<EndFacts>): EndFacts => ({
  recorded: undefined,
  recorder: undefined,
  startFailure: undefined,
  claimed: true,
  begun: true,
  removed: false,
  ending: undefined,
  successCodes: [0],
  signalName: (number) => names[number],
  ...given,
})
const neverBegun = 'the recorder could not start the command: no process, or no room, was to be had'
const exit = (status: number, signalled = false) => ({ recorded: { status, signalled } })

describe('the outcome of a run', () => {
  test.each([
    { name: 'exit 0', ...exit(0), says: ['ok', 0, null, null] },
    { name: 'exit 1', ...exit(1), says: ['failed', 1, null, null] },
    {
      name: 'exit 3 where 3 is a success',
      ...exit(3),
      successCodes: [0, 3],
      says: ['ok', 3, null, null],
    },
    {
      name: 'exit 0 where it is none',
      ...exit(0),
      successCodes: [3],
      says: ['failed', 0, null, null],
    },
    { name: 'exit 143', ...exit(143), says: ['failed', 143, null, null] },
    { name: 'TERM', ...exit(143, true), says: ['killed', null, 'SIGTERM', 'not by torch'] },
    { name: 'KILL', ...exit(137, true), says: ['killed', null, 'SIGKILL', 'not by torch'] },
    { name: 'SEGV', ...exit(139, true), says: ['killed', null, 'SIGSEGV', 'not by torch'] },
    {
      name: 'INT, of which no shell speaks',
      ...exit(130),
      says: ['killed', null, 'SIGINT', 'not by torch'],
    },
    {
      name: 'PIPE, of which no shell speaks',
      ...exit(141),
      says: ['killed', null, 'SIGPIPE', 'not by torch'],
    },
    {
      name: 'exit 141 where that is a success',
      ...exit(141),
      successCodes: [0, 141],
      says: ['ok', 141, null, null],
    },
    {
      name: 'PIPE of which the shell speaks, where 141 is a success',
      ...exit(141, true),
      successCodes: [0, 141],
      says: ['killed', null, 'SIGPIPE', 'not by torch'],
    },
    { name: 'exit 200', ...exit(200), says: ['failed', 200, null, null] },
    { name: 'exit 127 of the command', ...exit(127), says: ['failed', 127, null, null] },
    {
      name: 'a command that is not there',
      ...exit(127),
      startFailure: 'x was not found',
      says: ['spawn-failed', null, null, 'x was not found'],
    },
    {
      name: 'a timeout, ended by TERM',
      ...exit(143, true),
      ending: { reason: 'timeout', signal: 'SIGTERM' },
      says: ['timeout', null, 'SIGTERM', 'timeout'],
    },
    {
      name: 'a timeout, in which the command ends in good order',
      ...exit(0),
      ending: { reason: 'timeout', signal: 'SIGTERM' },
      says: ['timeout', 0, 'SIGTERM', 'timeout'],
    },
    {
      name: 'KILL to the whole group, the recorder with it',
      recorder: { code: null, signal: 'SIGKILL' },
      ending: { reason: 'kill', signal: 'SIGKILL' },
      says: ['killed', null, 'SIGKILL', 'kill'],
    },
    {
      name: 'a full disk: the status is known from the recorder itself',
      recorder: { code: 7, signal: null },
      says: ['failed', 7, null, null],
    },
    {
      name: 'recorder and command killed by somebody',
      recorder: { code: null, signal: 'SIGKILL' },
      says: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'nobody there, nothing written',
      says: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'a run directory that cannot be written to',
      claimed: false,
      recorder: { code: 125, signal: null },
      says: ['spawn-failed', null, null, 'the recorder could not write into the run directory'],
    },
    {
      name: 'a shell that could not fork: its status is not that of the command',
      begun: false,
      recorder: { code: 2, signal: null },
      says: ['spawn-failed', null, null, neverBegun],
    },
    {
      name: 'the same, of a shell that goes on, and writes it down',
      begun: false,
      ...exit(254),
      says: ['spawn-failed', null, null, neverBegun],
    },
    {
      name: 'a recorder that is killed before it notes the command, which may run',
      begun: false,
      recorder: { code: null, signal: 'SIGKILL' },
      says: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'a directory that was removed: the recorder knows how it ended',
      ...{ removed: true, claimed: false, begun: false },
      recorder: { code: 5, signal: null },
      says: ['failed', 5, null, null],
    },
    {
      name: 'a directory that was removed, perhaps before the start',
      ...{ removed: true, claimed: false, begun: false },
      recorder: { code: 125, signal: null },
      says: ['unknown', null, null, 'its directory was removed'],
    },
    {
      name: 'a directory that was removed, of a run that was adopted',
      ...{ removed: true, claimed: false, begun: false },
      says: ['unknown', null, null, 'its directory was removed'],
    },
  ] as (Partial<EndFacts> & { name: string; says: unknown[] })[])(
    '$name',
    ({ name: _, says, ...given }) => {
      const [outcome, exitCode, signal, reason] = says
      expect(verdictOf(facts(given))).toEqual({ outcome, exitCode, signal, reason })
    },
  )
})

describe('a run that an earlier daemon left', () => {
  const left = {
    described: true,
    concluded: false,
    claim: 'recorder',
    sameBoot: true,
    exited: false,
    recorderAlive: false,
    commandAlive: false,
  } as const
  test.each([
    { name: 'nothing but an entry', given: { described: false }, says: 'forget' },
    { name: 'prepared only', given: { claim: 'none' }, says: 'void' },
    {
      name: 'prepared only, before a reboot',
      given: { claim: 'none', sameBoot: false },
      says: 'lost',
    },
    { name: 'voided by a daemon that then died', given: { claim: 'void' }, says: 'void' },
    { name: 'running', given: { recorderAlive: true, commandAlive: true }, says: 'adopt' },
    { name: 'not yet at its command', given: { recorderAlive: true }, says: 'adopt' },
    { name: 'its recorder killed', given: { commandAlive: true }, says: 'adopt' },
    { name: 'ended', given: { exited: true }, says: 'record' },
    {
      name: 'ended, the recorder about to go',
      given: { exited: true, recorderAlive: true },
      says: 'record',
    },
    { name: 'ended before a reboot', given: { exited: true, sameBoot: false }, says: 'record' },
    { name: 'concluded', given: { concluded: true, exited: true }, says: 'record' },
    { name: 'both gone', given: {}, says: 'unknown' },
    {
      name: 'rebooted, pids used again',
      given: { sameBoot: false, commandAlive: true },
      says: 'lost',
    },
  ] as const)('$name: $says', ({ given, says }) => {
    expect(planRecovery({ ...left, ...given })).toBe(says)
  })
})
