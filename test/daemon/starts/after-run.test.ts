import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'

describe('a failed run', () => {
  test('a failed run is retried after its delay, as often as the task says, and keeps its slot', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "5 0 12 * * *", command: exit 1, retry: {attempts: 2, delay: 10s}}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.runs('job', 0)
    site.clock.advance(9_900)
    expect(daemon.rows()).toHaveLength(1)
    site.clock.advance(200)
    await daemon.runs('job', 0)
    site.clock.advance(20_000)
    await daemon.runs('job', 0)
    site.clock.advance(600_000)
    expect(daemon.rows().map((row) => [row.slot?.slice(17, 19), row.trigger, row.attempt])).toEqual(
      [
        ['05', 'schedule', 1],
        ['05', 'retry', 2],
        ['05', 'retry', 3],
      ],
    )
  })

  test('a run that torch kill ends is not retried, but one that its signal ends is', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "5 0 12 * * *", command: exec sleep 60, retry: {attempts: 1}}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.begun('job')
    await daemon.ask('kill', { target: 'job', signal: 'SIGKILL' })
    await daemon.polledEnd('job')
    daemon.seconds(1)
    await daemon.begun('job')
    await daemon.ask('kill', { target: 'job', signal: null })
    await daemon.runs('job', 0)
    daemon.seconds(60)
    expect(daemon.rows().map((row) => [row.trigger, row.signal, row.reason])).toEqual([
      ['schedule', 'SIGKILL', 'kill'],
      ['retry', 'SIGTERM', 'kill'],
    ])
  })

  test('a failed run is not retried if its task was removed', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "5 * * * * *", command: exit 1, retry: {attempts: 1}}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.runs('job', 0)
    await daemon.edit('tasks: {other: {schedule: "@daily", command: exit 0}}')
    expect(daemon.history()).toEqual(['job failed', 'job skipped removed'])
  })
})
