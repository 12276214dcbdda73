import fs from 'node:fs'
import { ask, closeSite, daemonOf, launch, newSite, setPlan, until } from './site.js'

/** When the next daemon hangs, and what the previous one says when it gives it up. */
const hangs = [
  [{ after: 'go', at: 1 }, /did not take over within 10 s/],
  [{ after: 'start', at: 2 }, /did not become ready within 60 s/],
]

/** The previous daemon gives up a next daemon that hangs, after 10 s or a minute, and continues. */
export async function hang(_options, say) {
  const site = newSite()
  const breaches = []
  try {
    const job = `{ schedule: '* * * * * *', max: unlimited, command: 'echo x >>$MARK/witness/job' }`
    fs.writeFileSync(
      site.tasks,
      `defaults: { env: { MARK: '${site.folder}' } }\ntasks: { job: ${job} }\n`,
    )
    const { ready } = await launch(site)
    for (const [plan, words] of hangs) {
      setPlan(site, { ...plan, role: 'next-daemon', do: 'hang' })
      say('a restart whose next daemon hangs ...')
      const before = performance.now()
      const why = await ask(site, 'restart', {}, 90_000).then(
        () => 'nothing: it did not fail',
        (error) => error.message,
      )
      console.log(`after ${Math.round((performance.now() - before) / 1000)} s: ${why}`)
      if (!words.test(why)) breaches.push(`it said: ${why}`)
      if ((await daemonOf(site)) !== ready.pid) breaches.push('the previous daemon does not answer')
      const starts = startsOf(site)
      await until(() => startsOf(site) > starts, 'the next second')
    }
    return breaches
  } finally {
    await closeSite(site, false)
  }
}

function startsOf({ witness }) {
  const file = `${witness}/job`
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').length : 0
}
