import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 90_000 })

test('a daemon starts its tasks in each second while it loads a large file, then junk', async () => {
  const witness =
    '  witness: { schedule: "* * * * * *", command: "echo $TORCH_SLOT $(date +%s) >> ~/seen" }\n'
  const site = newSite(`tasks:\n${witness}`)
  const seen = () =>
    fs.existsSync(path.join(site.folder, 'seen'))
      ? fs.readFileSync(path.join(site.folder, 'seen'), 'utf8').trim().split('\n')
      : []
  const log = () => fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')
  const renameOver = (text: string) => fs.renameSync(site.write('new.yaml', text), site.tasks)
  expect((await site.torch('start')).status).toBe(0)
  await until(() => seen().length >= 2, 'the first starts')

  const task = (at: number) =>
    `  task-${at}:\n    schedule: "0 0 1 1 *"\n    command: "true"\n    enabled: false\n`
  renameOver(`tasks:\n${witness}${Array.from({ length: 60_000 }, (_, at) => task(at)).join('')}`)
  await until(() => log().includes('60000 added'), 'the large file', 60_000)
  renameOver('foo bar baz: [\n'.repeat(600_000))
  await until(() => log().includes('was refused'), 'the refusal', 60_000)
  const count = seen().length
  await until(() => seen().length >= count + 2, 'starts after the refusal')

  const starts = seen().map((line) => line.split(' '))
  const slots = starts.map(([slot = '']) => Date.parse(slot) / 1000)
  const first = slots[0] ?? 0
  // On a busy machine, other tests may cost a second. Loading the file in one step would cost several.
  const gaps = slots.map((slot, at) => slot - (slots[at - 1] ?? first - 1))
  expect(Math.min(...gaps)).toBe(1)
  expect(Math.max(...gaps)).toBeLessThan(3)
  const late = starts.map(([, at], index) => Number(at) - (slots[index] ?? 0))
  expect(Math.max(...late)).toBeLessThan(3)
})
