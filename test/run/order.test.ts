import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { newRunId } from '../../src/run/directory.ts'
import { agesOf, inOrder, newEventOrder } from '../../src/run/order.ts'
import { removeOldRuns } from '../../src/run/retention.ts'
import { handClock } from '../support/clock.ts'

const day = 86_400_000
const ms = (iso: string): number => Date.parse(iso)
let home = ''
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-order-'))
})
afterEach(() => fs.rmSync(home, { recursive: true }))

/** A machine whose clock the test sets, and that starts runs of one task. */
function machine(iso: string) {
  const clock = handClock(iso)
  const host: Host = { ...thisMachine(), clock }
  let order = newEventOrder(host, home, 0)
  const names = new Map<string, string>()
  /** Leaves a run directory as a launch does. */
  const run = (name: string): void => {
    const startedMs = clock.now()
    const orderMs = order.next()
    const id = newRunId(startedMs)
    const directory = path.join(home, 'runs', 'job', id)
    fs.mkdirSync(directory, { recursive: true })
    const description = { run: id, ...(orderMs > startedMs && { orderMs }) }
    fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify(description))
    names.set(id, name)
  }
  const kept = () => fs.readdirSync(path.join(home, 'runs', 'job'))
  const ordered = () => inOrder(host, home, 'job', kept())
  return {
    ...{ clock, run },
    set: (to: string) => clock.set(ms(to)),
    /** As a new daemon whose history ends there. */
    restart: (lastMs: number) => (order = newEventOrder(host, home, lastMs)),
    runs: () => ordered().map((each) => names.get(each.run)),
    ages: () => agesOf(host, home, ordered()),
    keep(keepRuns: number, keepForMs = 9_000 * day) {
      removeOldRuns(host, home, 'job', { keepRuns, keepForMs }, () => false)
    },
  }
}

describe('the order of runs', () => {
  test('runs stay in order when the clock comes back from the future, and after a restart', () => {
    const { run, set, runs, restart, keep } = machine('2030-01-01T00:00:00Z')
    run('future')
    set('2026-03-10T12:00:00Z')
    run('one')
    set('2026-03-10T12:01:00Z')
    restart(0)
    run('two')
    expect(runs()).toEqual(['future', 'one', 'two'])
    keep(2)
    expect(runs()).toEqual(['one', 'two'])
  })

  test('the two passes of an hour that the clock repeats are not mixed', () => {
    const { run, set, runs, keep } = machine('2026-03-10T12:00:00Z')
    for (const minute of ['00', '20', '40']) {
      set(`2026-03-10T12:${minute}:00Z`)
      run(`first ${minute}`)
    }
    for (const minute of ['10', '30', '50']) {
      set(`2026-03-10T12:${minute}:00Z`)
      run(`second ${minute}`)
    }
    set('2026-03-10T13:30:00Z')
    run('later')
    const second = ['second 10', 'second 30', 'second 50', 'later']
    expect(runs()).toEqual(['first 00', 'first 20', 'first 40', ...second])
    keep(4)
    expect(runs()).toEqual(second)
  })

  test('runs that an older torch left in the future are older than all others', () => {
    const { set, run, runs, restart } = machine('2030-01-01T00:00:00Z')
    run('future')
    set('2026-03-10T12:00:00Z')
    restart(0)
    run('now')
    expect(runs()).toEqual(['future', 'now'])
  })

  test('a small correction of the clock leaves no mark', () => {
    const { run, clock } = machine('2026-03-10T12:00:00Z')
    run('one')
    clock.set(clock.now() - 500)
    run('two')
    expect(fs.readdirSync(home)).toEqual(['runs'])
  })
})

describe('the age of runs', () => {
  test('a run from the future is as old as what came after it, so keep_for removes it', () => {
    const { run, set, runs, ages, keep } = machine('2030-01-01T00:00:00Z')
    run('future')
    set('2026-03-10T12:00:00Z')
    run('one')
    set('2026-03-13T12:00:00Z')
    run('two')
    expect(ages()).toEqual([3 * day, 3 * day, 0])
    keep(20, 2 * day)
    expect(runs()).toEqual(['two'])
  })

  test('runs of a machine that wakes up in 1970 are not old', () => {
    const { run, set, runs, ages, keep } = machine('2026-03-10T12:00:00Z')
    run('before')
    set('1970-01-01T00:00:10Z')
    run('woken')
    set('2026-03-11T12:00:00Z')
    run('after')
    expect(ages().map((age) => Math.round(age / day))).toEqual([1, 1, 0])
    keep(20, 2 * day)
    expect(runs()).toEqual(['before', 'woken', 'after'])
  })
})

test('the mark of a clock that was set back goes when nothing of that time can be kept', () => {
  const { run, set, restart } = machine('2026-03-10T12:00:00Z')
  run('one')
  set('2026-03-10T11:00:00Z')
  run('two')
  expect(fs.readdirSync(home)).toContain('clock-set-back')
  set('2026-03-20T12:00:00Z')
  restart(ms('2026-03-20T11:00:00Z'))
  expect(fs.readdirSync(home)).toContain('clock-set-back')
  set('2026-05-10T12:00:00Z')
  restart(ms('2026-05-10T11:00:00Z'))
  expect(fs.readdirSync(home)).toEqual(['runs'])
})
