import { describe, expect, test } from 'vitest'
import { newFaults } from '../../src/run/faults.ts'
import { handClock } from '../support/clock.ts'

function bench() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const reported: string[] = []
  const faults = newFaults(clock, (words, isOver) =>
    reported.push(`${isOver ? 'over' : 'new'}: ${words}`),
  )
  const disk = { isFull: true, written: [] as string[] }
  const write = (line: string) => (): void => {
    if (disk.isFull) throw new Error('no room')
    disk.written.push(line)
  }
  return { clock, reported, faults, disk, write }
}

describe('attempt', () => {
  test('a fault is reported once when it begins and once when it is over', () => {
    const { reported, faults, disk, write } = bench()
    expect([1, 2, 3].map((n) => faults.attempt('write', write(`${n}`)))).toEqual([
      false,
      false,
      false,
    ])
    disk.isFull = false
    expect([4, 5].map((n) => faults.attempt('write', write(`${n}`)))).toEqual([true, true])
    disk.isFull = true
    faults.attempt('write', write('6'))
    expect(reported).toEqual([
      'new: could not write: no room',
      'over: could write again',
      'new: could not write: no room',
    ])
    expect(disk.written).toEqual(['4', '5'])
  })

  test('each kind of fault is reported once', () => {
    const { reported, faults, write } = bench()
    for (const kind of ['write slots', 'cut outputs', 'write slots'])
      faults.attempt(kind, write(''))
    expect(reported).toEqual([
      'new: could not write slots: no room',
      'new: could not cut outputs: no room',
    ])
  })

  test('a fault with several subjects is over when all of them work', () => {
    const { reported, faults, disk, write } = bench()
    for (const task of ['a', 'b']) faults.attempt('tidy', write(task), task)
    disk.isFull = false
    for (const task of ['a', 'c', 'a']) faults.attempt('tidy', write(task), task)
    expect(reported).toHaveLength(1)
    faults.attempt('tidy', write('b'), 'b')
    expect(reported).toEqual(['new: could not tidy: no room', 'over: could tidy again'])
  })

  test('a fault of an asynchronous action is reported in the same way', async () => {
    const { reported, faults, disk, write } = bench()
    const act = async (): Promise<void> => write('late')()
    await faults.attemptAsync('cut', act)
    await faults.attemptAsync('cut', act)
    disk.isFull = false
    await faults.attemptAsync('cut', act)
    expect(reported).toEqual(['new: could not cut: no room', 'over: could cut again'])
  })
})

describe('insist', () => {
  test('an action that is insisted on is done at once if it works', () => {
    const { reported, faults, disk, write } = bench()
    disk.isFull = false
    faults.insist('write', write('1'))
    expect([disk.written, reported]).toEqual([['1'], []])
  })

  test('an action that is insisted on is tried each second until it works, and then no more', () => {
    const { clock, reported, faults, disk, write } = bench()
    for (const line of ['1', '2', '3']) faults.insist('write', write(line))
    clock.advance(5_000)
    expect(disk.written).toEqual([])
    disk.isFull = false
    clock.advance(1_000)
    clock.advance(10_000)
    expect(disk.written).toEqual(['1', '2', '3'])
    expect(reported).toEqual(['new: could not write: no room', 'over: could write again'])
  })

  test('an action that never works does not keep others from being tried', () => {
    const { clock, reported, faults, disk, write } = bench()
    faults.insist('write', () => {
      throw new Error('a directory')
    })
    faults.insist('write', write('2'))
    disk.isFull = false
    clock.advance(1_000)
    expect(disk.written).toEqual(['2'])
    expect(reported).toEqual(['new: could not write: a directory'])
  })

  test('many actions that are insisted on are tried in parts, and all of them in the end', () => {
    const { clock, faults, disk, write } = bench()
    for (let n = 0; n < 1_000; n += 1) faults.insist('write', write(`${n}`))
    disk.isFull = false
    clock.advance(1_000)
    expect(disk.written.length).toBeLessThan(1_000)
    for (let n = 0; n < 10; n += 1) clock.advance(1_000)
    expect(new Set(disk.written).size).toBe(1_000)
    expect(disk.written).toHaveLength(1_000)
  })

  test('close tries every action once more, and after that none is tried', () => {
    const { clock, faults, disk, write } = bench()
    faults.insist('write', write('1'))
    disk.isFull = false
    faults.close()
    expect(disk.written).toEqual(['1'])
    disk.isFull = true
    faults.insist('write', write('2'))
    disk.isFull = false
    clock.advance(10_000)
    expect(disk.written).toEqual(['1'])
  })
})
