import { expect, test } from 'vitest'
import { newDownloads } from '../../src/scripts/downloads.ts'
import type { Fetched } from '../../src/scripts/fetch.ts'
import { scriptTask } from './support.ts'

test('starts come before the background, in the order in which they ask', async () => {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const downloads = newDownloads(({ script: { url } }) => {
    begun.push(url)
    return new Promise<Fetched>((resolve) =>
      ends.push(() => resolve({ kind: 'failed', why: '404 Not Found' })),
    )
  })
  const ask = (url: string, haste: 'urgent' | 'background') => downloads.ask(scriptTask(url), haste)
  const all = ['a', 'b', 'c', 'd', 'later', 'wanted'].map((url) => ask(url, 'background'))
  for (const url of ['first', 'second', 'wanted']) all.push(ask(url, 'urgent'))
  for (let count = 0; count < 8; count++) {
    ends[count]?.()
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'wanted', 'first', 'second', 'later'])
})
