import { describe, expect, test } from 'vitest'
import type { EngineView, FleetView, MachineView } from '../../src/http/api.ts'
import {
  countWords,
  engineWords,
  fileWords,
  machineWords,
  shownMachines,
  warningWords,
} from '../../src/web/fleet/fleet-words.ts'

const now = Date.parse('2026-03-10T12:00:00Z')

function machine(changes: Partial<MachineView> = {}): MachineView {
  return {
    ...{ name: 'web1', state: 'up', heardAt: null, revision: '3f2a9c41d07e', isOdd: false },
    ...{ committedAt: '2026-03-08T12:00:00Z', differs: [], running: 2, places: [], offsetMs: 0.3 },
    ...{ torch: '0.2.0', trouble: [], ...changes },
  }
}

function fleet(changes: Partial<FleetView> = {}, engine: Partial<EngineView> = {}): FleetView {
  return {
    ...{ name: 'prod', host: 'web1', whyNot: null, rowsWaiting: 0, problem: null },
    engine: {
      ...{ link: 'up', since: '2026-03-10T11:00:00Z', error: null, isAnswering: true },
      ...{
        servers: ['db1', 'db2', 'web1'],
        leader: 'db2',
        copies: 3,
        version: '2.15.1',
        ...engine,
      },
    },
    machines: [machine()],
    ...changes,
  }
}

describe('the engine in words', () => {
  test.each<[string, Partial<FleetView>, Partial<EngineView>, string, string]>([
    ['three servers', {}, {}, 'engine db1 db2 web1 (leader db2, 3 copies, 2.15.1)', 'quiet'],
    [
      'a single server',
      {},
      { servers: ['127.0.0.1:4222'], leader: null, copies: 1 },
      'engine 127.0.0.1:4222 (1 copy, 2.15.1)',
      'quiet',
    ],
    [
      'no leader',
      {},
      { leader: null },
      'The engine has no leader: nothing of the fleet starts until its servers have elected one.',
      'bad',
    ],
    ['no answer', {}, { isAnswering: false }, 'The engine does not say how it is.', 'warn'],
    [
      'no connection',
      { rowsWaiting: 3 },
      { link: 'down', error: 'db1: no route' },
      'The engine is not reachable since 11:00: db1: no route. This is what web1 knows. 3 rows wait for it.',
      'bad',
    ],
    [
      'no connection yet',
      { rowsWaiting: 1 },
      { link: 'connecting', since: null },
      'Connecting to the engine. This is what web1 knows. 1 row waits for it.',
      'bad',
    ],
  ])('%s', (_, changes, engine, words, tone) => {
    expect(engineWords(fleet(changes, engine), 'UTC', now)).toEqual({ words, tone })
  })
})

describe('a machine in words', () => {
  test.each<[string, Partial<MachineView>, object]>([
    [
      'up',
      {},
      {
        sign: 'ok',
        state: 'up',
        tone: 'ok',
        file: '3f2a9c4',
        clock: { words: '+0ms', tone: 'quiet' },
      },
    ],
    [
      'with other tasks',
      { isOdd: true, differs: ['nightly-dump'], trouble: ['most machines have another version'] },
      { state: 'up, drift', tone: 'warn', file: '3f2a9c4 2d old', remark: 'nightly-dump differs' },
    ],
    [
      'silent, with places',
      {
        state: 'silent',
        heardAt: '2026-03-10T11:59:19.400Z',
        places: ['q/1'],
        running: 1,
        isOdd: true,
      },
      {
        state: 'silent 40s',
        tone: 'bad',
        running: '1?',
        places: 'q/1?',
        file: '3f2a9c4',
        remark: 'others take its places',
      },
    ],
    [
      'stopped',
      { state: 'stopped', running: 0 },
      { sign: 'away', state: 'stopped', running: '0?' },
    ],
    ['stopping', { state: 'stopping' }, { state: 'stopping', tone: 'warn', running: '2' }],
    [
      'only known by its rows',
      { state: 'unknown', revision: null, running: null, offsetMs: null, torch: null },
      {
        state: 'not heard',
        tone: 'bad',
        file: '',
        running: '',
        clock: { words: '', tone: 'quiet' },
        torch: '',
      },
    ],
    [
      'whose clock is a little off',
      { offsetMs: -1_234.4 },
      { state: 'up', clock: { words: '-1.2s', tone: 'warn' } },
    ],
    [
      'whose clock is too far off',
      { offsetMs: 7_000, trouble: ['the clock is 7s ahead'] },
      { state: 'up, clock', tone: 'bad', clock: { tone: 'bad' }, remark: 'the clock is 7s ahead' },
    ],
    [
      'that cannot reach the engine',
      { trouble: ['the fleet cannot be reached: x', 'full'] },
      { remark: 'full' },
    ],
    [
      'whose words are more than one line',
      { trouble: ['a\nb\u001b[31m'] },
      { remark: expect.not.stringContaining('\n') },
    ],
  ])('%s', (_, changes, words) => {
    expect(machineWords(machine(changes), now)).toMatchObject(words)
  })
})

test('the head counts the machines that are up, and the file that most of them have', () => {
  const machines = [
    machine(),
    machine({ name: 'web2' }),
    machine({ name: 'web3', state: 'silent' }),
  ]
  expect(countWords({ machines })).toEqual({ words: '2 of 3 machines up', tone: 'warn' })
  expect(countWords({ machines: [machine()] })).toEqual({ words: '1 machine up', tone: 'quiet' })
  expect(fileWords({ machines })).toBe('file 3f2a9c4 on 2')
  expect(fileWords({ machines: [machine({ revision: null })] })).toBe('')
})

test('of many machines, the chosen one and those to look at are shown first', () => {
  const many = Array.from({ length: 30 }, (_, n) => machine({ name: `m${n}` }))
  const machines = many
    .with(20, machine({ name: 'm20', state: 'silent' }))
    .with(25, machine({ name: 'm25', isOdd: true }))
  const names = (isAll: boolean) => shownMachines(machines, isAll, 'm29').map(({ name }) => name)
  expect(names(false)).toEqual(['m29', 'm20', 'm25', 'm0', 'm1', 'm2', 'm3', 'm4'])
  expect(names(true)).toHaveLength(30)
  expect(shownMachines(machines.slice(0, 8), false, null)).toHaveLength(8)
})

test('a warning says why this machine starts nothing, or that the table may be old', () => {
  expect(warningWords(fleet())).toBe('')
  expect(warningWords(fleet({ whyNot: 'duplicate name' }))).toMatch(
    /^web1 starts nothing of the fleet: .+\.$/,
  )
  expect(warningWords(fleet({ whyNot: 'fleet unreachable' }, { link: 'down' }))).toBe('')
  expect(warningWords(fleet({ problem: 'no daemon runs' }))).toBe(
    'no daemon runs: what you see of the fleet may be old.',
  )
})
