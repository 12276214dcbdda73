import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { TorchError } from '../../src/errors.ts'
import { thisMachine } from '../../src/host/host.ts'
import { parseStat } from '../../src/host/processes.ts'
import { openInbox, putMessages } from '../../src/record/inbox/inbox.ts'
import { countMessages } from '../../src/record/inbox/kept.ts'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, killed, linesOf, readIfThere, siteOf, stopped, up } from './support.ts'

afterAll(closeSites)

/** TORCH_TEST_MESSAGES=500 is the whole test: each of 20 senders sends so many, and there are more kills. */
const messagesOfEach = Number(process.env['TORCH_TEST_MESSAGES'] ?? 10)
const senders = 20
const daemonKills = messagesOfEach > 100 ? 20 : 3

const retry = 'retry: { attempts: 1000, delay: 100ms, backoff: 1 }'
const tasks = `
tasks:
  batch:
    type: manual
    max: 2
    enabled: ENABLED
    command: cat >FOLDER/got.$TORCH_RUN_ID; sleep 0.1
    input: { mode: queue, format: json }
    output: { keep_runs: 100000 }
    ${retry}
  stream:
    type: daemon
    enabled: ENABLED
    command: 'while read -r text; do echo "$text" >>FOLDER/stream; done'
    input: queue
    restart: { delay: 100ms, max_delay: 100ms }
`
const enable = (isEnabled: boolean) => tasks.replaceAll('ENABLED', String(isEnabled))

/** Sends one message, whatever happens to the daemon: perhaps more than once, and never not at all. */
async function send(site: Site, task: string, text: string): Promise<void> {
  const from = { host: 'test', task: null, run: null }
  try {
    await ask(site, 'message', { task, texts: [text], from })
  } catch (error) {
    if (!(error instanceof TorchError) || !/daemon/.test(error.code)) throw error
    const inbox = openInbox(thisMachine(), path.join(site.home, 'inbox'), () => {})
    await putMessages(inbox, task, [text], from)
  }
}

/** Kills the process group of a run that runs now, with its recorder. */
function killOneRun(site: Site): void {
  const active = path.join(site.home, 'active')
  for (const run of fs.readdirSync(active)) {
    const [task = ''] = readIfThere(path.join(active, run)).split('\n')
    const claim = parseStat(readIfThere(path.join(site.home, 'runs', task, run, 'claim')))
    if (claim === undefined || parseStat(readIfThere(`/proc/${claim.pid}/stat`)) === undefined)
      continue
    if (!readIfThere(`/proc/${claim.pid}/environ`).includes(site.home)) continue
    process.kill(-claim.pid, 'SIGKILL')
    return
  }
}

/** The ids and texts that the runs of `batch` read, and whether they were ok. */
function batches(
  site: Site,
): { readonly isOk: boolean; readonly ids: string[]; readonly texts: string[] }[] {
  const runs = path.join(site.home, 'runs/batch')
  return fs.readdirSync(runs).map((run) => {
    const outcome = readIfThere(path.join(runs, run, 'outcome.json'))
    const lines = linesOf(site, `got.${run}`).map(
      (line) => JSON.parse(line) as { id: string; text: string },
    )
    return {
      isOk: outcome.includes('"outcome":"ok"'),
      ids: lines.map(({ id }) => id),
      texts: lines.map(({ text }) => text),
    }
  })
}

test('20 senders, a task that starts later, and kills at any moment: nothing is lost, and what ended ok is never given again', async () => {
  const site = siteOf(enable(false))
  let daemon = await up(site)
  const sending = Array.from({ length: senders }, async (_, sender) => {
    for (let at = 0; at < messagesOfEach; at++)
      await send(site, at % 2 === 0 ? 'batch' : 'stream', `${sender}-${at}`)
  })
  const sent = Array.from({ length: senders * messagesOfEach }, (_, at) => {
    const [sender, number] = [Math.floor(at / messagesOfEach), at % messagesOfEach]
    return { task: number % 2 === 0 ? 'batch' : 'stream', text: `${sender}-${number}` }
  })
  await sending[0]
  site.write('tasks.yaml', enable(true).replaceAll('FOLDER', site.folder))
  for (let kill = 0; kill < daemonKills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 37 * ((kill * 7) % 11)))
    for (let run = 0; run < 3; run++) killOneRun(site)
    await killed(daemon.pid)
    killOneRun(site)
    daemon = await up(site)
  }
  await Promise.all(sending)
  const inbox = openInbox(thisMachine(), path.join(site.home, 'inbox'), () => {})
  await until(
    () =>
      ['batch', 'stream'].every((task) => {
        inbox.waiting.look(task)
        const { waiting, inWork } = countMessages(inbox, task)
        return waiting + inWork === 0
      }),
    'all messages to be taken',
    60_000,
  )
  await stopped(site)
  for (const task of ['batch', 'stream'])
    expect(countMessages(inbox, task)).toMatchObject({ dead: 0, bad: 0 })
  const all = batches(site)
  const read = {
    batch: new Set(all.flatMap(({ texts }) => texts)),
    stream: new Set(linesOf(site, 'stream')),
  }
  const lost = sent.filter(
    ({ task, text }) => !read[task === 'batch' ? 'batch' : 'stream'].has(text),
  )
  expect(lost).toEqual([])
  const done = all.filter(({ isOk }) => isOk).flatMap(({ ids }) => ids)
  expect(done).toHaveLength(new Set(done).size)
  expect(new Set(done)).toEqual(new Set(all.flatMap(({ ids }) => ids)))
}, 900_000)
