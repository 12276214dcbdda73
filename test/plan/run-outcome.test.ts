import { describe, expect, test } from 'vitest'
import { type EndFacts, isFailure, outcomeOf } from '../../src/plan/run-outcome.ts'

const names: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
}
const facts = (given: Partial<EndFacts>): EndFacts => ({
  recorded: undefined,
  recorder: undefined,
  startFailure: undefined,
  isReady: true,
  claimed: true,
  begun: true,
  removed: false,
  ending: undefined,
  sent: [],
  limits: {},
  cpuSeconds: undefined,
  successCodes: [0],
  signalName: (number) => names[number],
  ...given,
})
const commandNotStarted =
  'the recorder could not start the command: the machine has no process or memory left'
const exit = (status: number, signalled = false) => ({ recorded: { status, signalled } })

describe('the outcome of a run', () => {
  test.each([
    { name: 'a run that exits 0 is ok', ...exit(0), expected: ['ok', 0, null, null] },
    { name: 'a run that exits 1 failed', ...exit(1), expected: ['failed', 1, null, null] },
    {
      name: 'a run that exits 3 is ok if success_codes lists 3',
      ...exit(3),
      successCodes: [0, 3],
      expected: ['ok', 3, null, null],
    },
    {
      name: 'a run that exits 0 failed if success_codes does not list 0',
      ...exit(0),
      successCodes: [3],
      expected: ['failed', 0, null, null],
    },
    {
      name: 'a run that exits 143 by itself failed',
      ...exit(143),
      expected: ['failed', 143, null, null],
    },
    {
      name: 'a run that ended before it was ready failed, however it ended',
      ...exit(0),
      isReady: false,
      expected: ['failed', 0, null, 'not ready'],
    },
    {
      name: 'a run that crashed before it was ready failed',
      ...exit(139, true),
      isReady: false,
      expected: ['failed', null, 'SIGSEGV', 'not ready'],
    },
    {
      name: 'a run that torch ended because it was not ready failed',
      ...exit(143, true),
      isReady: false,
      ending: { reason: 'not ready', signal: 'SIGTERM' },
      expected: ['failed', null, 'SIGTERM', 'not ready'],
    },
    {
      name: 'a run that a person ended before it was ready was killed',
      ...exit(143, true),
      isReady: false,
      ending: { reason: 'kill', signal: 'SIGTERM' },
      expected: ['killed', null, 'SIGTERM', 'kill'],
    },
    {
      name: 'a run that somebody ended with TERM was killed',
      ...exit(143, true),
      expected: ['killed', null, 'SIGTERM', 'not by torch'],
    },
    {
      name: 'a run that somebody ended with KILL was killed',
      ...exit(137, true),
      expected: ['killed', null, 'SIGKILL', 'not by torch'],
    },
    {
      name: 'a run that crashed with SEGV was killed',
      ...exit(139, true),
      expected: ['killed', null, 'SIGSEGV', 'not by torch'],
    },
    {
      name: 'status 130 counts as INT, because dash does not report it',
      ...exit(130),
      expected: ['killed', null, 'SIGINT', 'not by torch'],
    },
    {
      name: 'status 141 counts as PIPE, because dash does not report it',
      ...exit(141),
      expected: ['killed', null, 'SIGPIPE', 'not by torch'],
    },
    {
      name: 'a run that exits 141 is ok if success_codes lists 141',
      ...exit(141),
      successCodes: [0, 141],
      expected: ['ok', 141, null, null],
    },
    {
      name: 'a run ended by a reported PIPE was killed even if success_codes lists 141',
      ...exit(141, true),
      successCodes: [0, 141],
      expected: ['killed', null, 'SIGPIPE', 'not by torch'],
    },
    { name: 'a run that exits 200 failed', ...exit(200), expected: ['failed', 200, null, null] },
    {
      name: 'a command that exits 127 by itself failed',
      ...exit(127),
      expected: ['failed', 127, null, null],
    },
    {
      name: 'a command that does not exist is spawn-failed',
      ...exit(127),
      startFailure: 'x was not found',
      expected: ['spawn-failed', null, null, 'x was not found'],
    },
    {
      name: 'a run that TERM ended at its timeout has the outcome timeout',
      ...exit(143, true),
      ending: { reason: 'timeout', signal: 'SIGTERM' },
      expected: ['timeout', null, 'SIGTERM', 'timeout'],
    },
    {
      name: 'a run that exits 0 after its timeout still has the outcome timeout',
      ...exit(0),
      ending: { reason: 'timeout', signal: 'SIGTERM' },
      expected: ['timeout', 0, 'SIGTERM', 'timeout'],
    },
    {
      name: 'a run that torch killed together with its recorder was killed',
      recorder: { code: null, signal: 'SIGKILL' },
      ending: { reason: 'kill', signal: 'SIGKILL' },
      expected: ['killed', null, 'SIGKILL', 'kill'],
    },
    {
      name: 'the status of the recorder counts if a full disk kept it from writing one',
      recorder: { code: 7, signal: null },
      expected: ['failed', 7, null, null],
    },
    {
      name: 'a run that `torch kill --signal HUP` ended was killed by torch',
      ...exit(129, true),
      sent: ['SIGHUP'],
      expected: ['killed', null, 'SIGHUP', 'kill', true],
    },
    {
      name: 'a run that `torch kill --signal KILL` ended together with its recorder was killed by torch',
      recorder: { code: null, signal: 'SIGKILL' },
      sent: ['SIGHUP', 'SIGKILL'],
      expected: ['killed', null, 'SIGKILL', 'kill', true],
    },
    {
      name: 'an adopted run that `torch kill --signal KILL` ended was killed by torch',
      sent: ['SIGKILL'],
      expected: ['killed', null, 'SIGKILL', 'kill', true],
    },
    {
      name: 'a run that handles TERM of `torch kill --signal TERM` and exits 143 was killed by torch',
      ...exit(143),
      sent: ['SIGTERM'],
      expected: ['killed', null, 'SIGTERM', 'kill', true],
    },
    {
      name: 'a run that handles a signal of `torch kill --signal` and exits 0 is ok',
      ...exit(0),
      sent: ['SIGHUP'],
      expected: ['ok', 0, null, null],
    },
    {
      name: 'a run that another signal ended than torch sent was not killed by torch',
      ...exit(143, true),
      sent: ['SIGHUP'],
      expected: ['killed', null, 'SIGTERM', 'not by torch'],
    },
    {
      name: 'a run that torch was ending has that reason, even if another signal was sent too',
      sent: ['SIGKILL'],
      ending: { reason: 'timeout', signal: 'SIGKILL' },
      expected: ['timeout', null, 'SIGKILL', 'timeout'],
    },
    {
      name: 'a run that reaches limits.cpu was killed by that limit',
      ...exit(152, true),
      limits: { cpu: 10 },
      expected: ['killed', null, 'SIGXCPU', 'limits.cpu'],
    },
    {
      name: 'a run whose child reaches limits.cpu was killed by that limit',
      ...exit(152),
      limits: { cpu: 10 },
      expected: ['killed', null, 'SIGXCPU', 'limits.cpu'],
    },
    {
      name: 'a run that handles XCPU was killed by limits.cpu if it took all of its processor time',
      ...exit(137, true),
      limits: { cpu: 10 },
      cpuSeconds: 13.5,
      expected: ['killed', null, 'SIGKILL', 'limits.cpu'],
    },
    {
      name: 'a run that somebody killed before its limit was not killed by limits.cpu',
      ...exit(137, true),
      limits: { cpu: 10 },
      cpuSeconds: 12,
      expected: ['killed', null, 'SIGKILL', 'not by torch'],
    },
    {
      name: 'a run that reaches limits.fsize was killed by that limit',
      ...exit(153, true),
      limits: { fsize: 10 },
      expected: ['killed', null, 'SIGXFSZ', 'limits.fsize'],
    },
    {
      name: 'a run that exits 152 failed if it has no limits.cpu',
      ...exit(152),
      limits: { fsize: 10 },
      expected: ['failed', 152, null, null],
    },
    {
      name: 'a run is unknown if somebody killed its recorder and its command',
      recorder: { code: null, signal: 'SIGKILL' },
      expected: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'a run is unknown if its recorder is gone and wrote nothing',
      expected: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'a run whose directory cannot be written to is spawn-failed',
      claimed: false,
      recorder: { code: 125, signal: null },
      expected: ['spawn-failed', null, null, 'the recorder could not write into the run directory'],
    },
    {
      name: 'a run is spawn-failed if the shell of its recorder could not fork',
      begun: false,
      recorder: { code: 2, signal: null },
      expected: ['spawn-failed', null, null, commandNotStarted],
    },
    {
      name: 'a run is spawn-failed if a shell that could not fork wrote its own status',
      begun: false,
      ...exit(254),
      expected: ['spawn-failed', null, null, commandNotStarted],
    },
    {
      name: 'a run is unknown if its recorder was killed before it noted the command',
      begun: false,
      recorder: { code: null, signal: 'SIGKILL' },
      expected: ['unknown', null, null, 'the recorder vanished'],
    },
    {
      name: 'the status of the recorder counts if the run directory was removed',
      ...{ removed: true, claimed: false, begun: false },
      recorder: { code: 5, signal: null },
      expected: ['failed', 5, null, null],
    },
    {
      name: 'a run is unknown if its directory was removed, perhaps before the start',
      ...{ removed: true, claimed: false, begun: false },
      recorder: { code: 125, signal: null },
      expected: ['unknown', null, null, 'its directory was removed'],
    },
    {
      name: 'an adopted run is unknown if its directory was removed',
      ...{ removed: true, claimed: false, begun: false },
      expected: ['unknown', null, null, 'its directory was removed'],
    },
  ] as (Partial<EndFacts> & { name: string; expected: unknown[] })[])(
    '$name',
    ({ name: _, expected, ...given }) => {
      const [outcome, exitCode, signal, reason, onlySignalled] = expected
      expect(outcomeOf(facts(given))).toEqual({ outcome, exitCode, signal, reason, onlySignalled })
    },
  )
})

test('what torch ended is no failure of the task, whether by torch kill or by a signal of it', () => {
  const sent = outcomeOf(facts({ recorded: { status: 129, signalled: true }, sent: ['SIGHUP'] }))
  const ending = { reason: 'kill', signal: 'SIGTERM' } as const
  expect([sent, outcomeOf(facts({ ending }))].map(isFailure)).toEqual([false, false])
  expect(isFailure(outcomeOf(facts({ recorded: { status: 129, signalled: true } })))).toBe(true)
})
