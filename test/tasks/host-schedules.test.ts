import { describe, expect, test } from 'vitest'
import { isHashed, schedulesOn } from '../../src/tasks/host-schedules.ts'
import { good, oneTask, task } from './read.ts'

describe('an H', () => {
  test.each([
    ['H * * * *', true],
    ['0 0,h 3 * * *', true],
    ['* * * * H/2', true],
    ['5 h(1-4) * * *', true],
    ['@hourly', false],
    ['@every 1h', false],
    ['0 0 * mar thu', false],
    ['*/10 * * * * *', false],
  ])('in %s', (text, is) => {
    const [schedule] = good(oneTask().replace('@daily', text)).tasks[0]!.schedules
    expect(isHashed(schedule!)).toBe(is)
  })
})

describe('the schedules of a task on another host', () => {
  const text = oneTask('timezone: Asia/Tokyo').replace(
    '"@daily"',
    '["H H(1-4) * * *", "5 5 * * *"]',
  )
  const loadedOn = (host: string) => good(text, { host }).tasks[0]!

  test('are those that the file has when it is read there', () => {
    const here = loadedOn('web1')
    expect(schedulesOn(here, 'web2')).toEqual(loadedOn('web2').schedules)
    expect(schedulesOn(here, 'web2')).not.toEqual(here.schedules)
    expect(schedulesOn(here, 'web1')).toEqual(here.schedules)
  })

  test('go by the short name, in any case of letters', () => {
    expect(schedulesOn(loadedOn('web1'), 'Web2.Example.com')).toEqual(loadedOn('web2').schedules)
  })

  test('are the same ones where nothing is hashed', () => {
    const plain = task()
    expect(schedulesOn(plain, 'web2')).toBe(plain.schedules)
  })
})
