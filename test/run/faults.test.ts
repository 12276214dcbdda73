import { describe, expect, test } from 'vitest'
import { newFaults } from '../../src/run/faults.ts'
import { handClock } from '../support/clock.ts'

function bench() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const told: string[] = []
  const faults = newFaults(clock, (words, isOver) =>
    told.push(`${isOver ? 'over' : 'new'}: ${words}`),
  )
  const disk = { isFull: true, written: [] as string[] }
  const write = (line: string) => (): void => {
    if (disk.isFull) throw new Error('no room')
    disk.written.push(line)
  }
  return { clock, told, faults, disk, write }
}

describe('what the machine refuses', () => {
  test('is told of once when it begins, and once when it is over', () => {
    const { told, faults, disk, write } = bench()
    expect([1, 2, 3].map((n) => faults.attempt('write', write(`${n}`)))).toEqual([
      false,
      false,
      false,
    ])
    disk.isFull = false
    expect([4, 5].map((n) => faults.attempt('write', write(`${n}`)))).toEqual([true, true])
    disk.isFull = true
    faults.attempt('write', write('6'))
    expect(told).toEqual([
      'new: could not write: no room',
      'over: could write again',
      'new: could not write: no room',
    ])
    expect(disk.written).toEqual(['4', '5'])
  })

  test('is told of by its kind', () => {
    const { told, faults, write } = bench()
    for (const kind of ['write slots', 'cut outputs', 'write slots'])
      faults.attempt(kind, write(''))
    expect(told).toEqual([
      'new: could not write slots: no room',
      'new: could not cut outputs: no room',
    ])
  })

  test('is over for a kind when it is for all subjects of it', () => {
    const { told, faults, disk, write } = bench()
    for (const task of ['a', 'b']) faults.attempt('tidy', write(task), task)
    disk.isFull = false
    for (const task of ['a', 'c', 'a']) faults.attempt('tidy', write(task), task)
    expect(told).toHaveLength(1)
    faults.attempt('tidy', write('b'), 'b')
    expect(told).toEqual(['new: could not tidy: no room', 'over: could tidy again'])
  })

  test('beside the loop is told of in the same way', async () => {
    const { told, faults, disk, write } = bench()
    const act = async (): Promise<void> => write('late')()
    await faults.attemptAsync('cut', act)
    await faults.attemptAsync('cut', act)
    disk.isFull = false
    await faults.attemptAsync('cut', act)
    expect(told).toEqual(['new: could not cut: no room', 'over: could cut again'])
  })
})

describe('what is insisted on', () => {
  test('is done at once where it can be', () => {
    const { told, faults, disk, write } = bench()
    disk.isFull = false
    faults.insist('write', write('1'))
    expect([disk.written, told]).toEqual([['1'], []])
  })

  test('is tried again each second until it is done, each once', () => {
    const { clock, told, faults, disk, write } = bench()
    for (const line of ['1', '2', '3']) faults.insist('write', write(line))
    clock.advance(5_000)
    expect(disk.written).toEqual([])
    disk.isFull = false
    clock.advance(1_000)
    clock.advance(10_000)
    expect(disk.written).toEqual(['1', '2', '3'])
    expect(told).toEqual(['new: could not write: no room', 'over: could write again'])
  })

  test('one that never works does not hold up the others', () => {
    const { clock, told, faults, disk, write } = bench()
    faults.insist('write', () => {
      throw new Error('a directory')
    })
    faults.insist('write', write('2'))
    disk.isFull = false
    clock.advance(1_000)
    expect(disk.written).toEqual(['2'])
    expect(told).toEqual(['new: could not write: a directory'])
  })

  test('is tried in parts where there is much of it, and all of it in the end', () => {
    const { clock, faults, disk, write } = bench()
    for (let n = 0; n < 1_000; n += 1) faults.insist('write', write(`${n}`))
    disk.isFull = false
    clock.advance(1_000)
    expect(disk.written.length).toBeLessThan(1_000)
    for (let n = 0; n < 10; n += 1) clock.advance(1_000)
    expect(new Set(disk.written).size).toBe(1_000)
    expect(disk.written).toHaveLength(1_000)
  })

  test('is tried a last time at the end, and then no more', () => {
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
