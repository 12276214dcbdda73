import { expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'

test('changes of the tasks happen one at a time, in their order, also after one that fails', async () => {
  const { state } = await newSite('tasks: {}').daemon()
  const events: string[] = []
  const change = (name: string, work: () => Promise<void>) =>
    state.tasks.inTurn(async () => {
      events.push(`${name} begins`)
      await work()
      events.push(`${name} ends`)
    })
  const first = change('first', async () => {})
  expect(events).toEqual(['first begins'])
  const second = change('second', () => Promise.reject(new Error('no')))
  const third = change('third', async () => {})
  await first
  await expect(second).rejects.toThrow('no')
  await third
  expect(events).toEqual([
    'first begins',
    'first ends',
    'second begins',
    'third begins',
    'third ends',
  ])
})
