import fs from 'node:fs'
import path from 'node:path'
import { spread } from '../figures.js'
import { ask, closeSite, isAlive, killed, launch, newSite, until } from './site.js'

const runs = 300
const times = 5
/** The promise: how much longer the median start with these runs may take. */
const maxExtraMs = 500

/** The time of a start that finds 300 running runs, beside the same start with none. */
export async function recovery(_options, say) {
  const empty = []
  const full = []
  const breaches = []
  for (let time = 0; time < times; time++) {
    empty.push(await measure(0, breaches))
    full.push(await measure(runs, breaches))
    say(`${time + 1} of ${times}`)
  }
  const rows = [
    { what: 'with nothing to adopt', ...spread(empty) },
    { what: `with ${runs} runs`, ...spread(full) },
  ]
  const extraMs = rows[1].p50 - rows[0].p50
  if (extraMs > maxExtraMs)
    breaches.push(
      `${runs} runs make a start ${Math.round(extraMs)} ms longer, over ${maxExtraMs} ms`,
    )
  const title = 'From the start of the daemon until it says that it is ready, in ms'
  return { tables: [{ title, rows }], breaches }
}

async function measure(count, breaches) {
  const site = newSite()
  try {
    const names = Array.from({ length: runs }, (_, index) => `job-${index}`)
    const lines = names.map((name) => `  ${name}: { schedule: '@yearly', command: [sleep, '600'] }`)
    const head = `defaults: { env: { MARK: '${site.folder}' } }\ntasks:\n`
    fs.writeFileSync(site.tasks, `${head}${lines.join('\n')}\n`)
    const { ready } = await launch(site)
    for (const task of names.slice(0, count)) await ask(site, 'run', { task, force: false })
    await killed(ready.pid)
    const before = performance.now()
    const after = await launch(site)
    const tookMs = performance.now() - before
    const status = await ask(site, 'status')
    const adopted = status.tasks.filter((task) => task.running.length === 1).length
    if (adopted !== count) breaches.push(`${adopted} of ${count} runs were adopted`)
    await ask(site, 'stop', { graceMs: 0, leave: false })
    await until(() => !isAlive(after.ready.pid), 'the end of the daemon', 60_000)
    const left = fs.readdirSync(path.join(site.home, 'active'))
    if (left.length > 0) breaches.push(`${left.length} runs are left in active/`)
    return tookMs
  } finally {
    await closeSite(site, false)
  }
}
