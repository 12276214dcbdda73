import fs from 'node:fs'
import path from 'node:path'
import { pause } from '../daemon.js'
import { printTable, spread } from '../figures.js'
import { ask, closeSite, isAlive, launch, newSite, until } from './site.js'

const restartCount = 20
const clientCount = 4

/** 20 restarts, while 4 clients ask without a pause and a task is due in each second. */
export async function restarts(_options, say) {
  const site = newSite()
  const breaches = []
  try {
    fs.writeFileSync(
      site.tasks,
      `defaults: { env: { MARK: '${site.folder}' } }
tasks:
  second: { schedule: '* * * * * *', max: unlimited, command: 'echo $TORCH_SLOT >>$MARK/witness/second' }
`,
    )
    let { pid } = (await launch(site)).ready
    await until(() => secondsOf(site).length > 0, 'the first second')
    const load = startClients(site)
    const tookMs = []
    for (let done = 0; done < restartCount; done++) {
      const before = performance.now()
      const next = await ask(site, 'restart', {}, 90_000)
      tookMs.push(performance.now() - before)
      if (next.pid === pid) breaches.push('a restart gave the same pid')
      await until(() => !isAlive(pid), 'the end of the previous daemon')
      pid = next.pid
      say(`restart ${done + 1}`)
    }
    await pause(1_500)
    const { latencies, faults } = await load.stop()
    await ask(site, 'stop', { graceMs: null, leave: false })
    await until(() => !isAlive(pid), 'the end of the last daemon')
    breaches.push(...faults.slice(0, 5))
    const seconds = secondsOf(site)
    const wrong = seconds.filter((second, index) => second !== seconds[0] + index)
    if (wrong.length > 0)
      breaches.push(`${wrong.length} seconds out of order, the first ${wrong[0]}`)
    printTable({
      title: `${restartCount} restarts under load, in ms`,
      rows: [
        { what: 'a restart', ...spread(tookMs) },
        { what: 'a request', ...spread(latencies) },
      ],
    })
    console.log(
      `  refused, reset or hanging: ${faults.length}; seconds: ${seconds.length}, each started once`,
    )
    return breaches
  } finally {
    await closeSite(site, breaches.length > 0)
  }
}

function startClients(site) {
  let isOver = false
  const latencies = []
  const faults = []
  const client = async () => {
    while (!isOver) {
      const before = performance.now()
      try {
        await ask(site, 'status')
        latencies.push(performance.now() - before)
      } catch (error) {
        faults.push(error.message)
      }
    }
  }
  const clients = Array.from({ length: clientCount }, client)
  return {
    async stop() {
      isOver = true
      await Promise.all(clients)
      return { latencies, faults }
    },
  }
}

function secondsOf(site) {
  const file = path.join(site.witness, 'second')
  if (!fs.existsSync(file)) return []
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((slot) => Date.parse(slot) / 1000)
}
