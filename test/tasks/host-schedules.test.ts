import { describe, expect, test } from 'vitest'
import { hashedName, isHashed, jitterOn, schedulesOn } from '../../src/tasks/host-schedules.ts'
import { good, oneTask, task } from '../support/tasks.ts'

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
  ])('isHashed() finds an H in %s', (text, is) => {
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

  test('schedulesOn() gives the schedules that the other host would read', () => {
    const here = loadedOn('web1')
    expect(schedulesOn(here, 'web2')).toEqual(loadedOn('web2').schedules)
    expect(schedulesOn(here, 'web2')).not.toEqual(here.schedules)
    expect(schedulesOn(here, 'web1')).toEqual(here.schedules)
  })

  test('the schedules and the jitter of a task of the fleet are the same on every host', () => {
    const [shared] = good(
      text.replace('timezone', 'scope: fleet\n    jitter: 1h\n    timezone'),
    ).tasks
    expect(schedulesOn(shared!, 'web2')).toEqual(shared?.schedules)
    expect(jitterOn(shared!, 'web1')).toBe(jitterOn(shared!, 'web2'))
    const own = { ...shared!, fleet: undefined }
    expect(jitterOn(own, 'web1')).not.toBe(jitterOn(own, 'web2'))
  })

  test.each([
    ['Web2.Example.com', 'web2'],
    ['web2', 'web2'],
    ['10.0.1.7', '10.0.1.7'],
    ['10.0.1.0/24', '10.0.1.0/24'],
  ])('the host %s is hashed as %s', (host, name) => {
    expect(hashedName(host)).toBe(name)
  })

  test('schedulesOn() gives the same schedules if none has an H', () => {
    const plain = task()
    expect(schedulesOn(plain, 'web2')).toBe(plain.schedules)
  })
})
