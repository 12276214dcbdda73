import fs from 'node:fs'
import { ask, closeSite, daemonOf, launch, newSite, setPlan } from './site.js'

/** A new daemon that hangs before it is prepared is given up after a minute, and the old one goes on. */
export async function hang(_options, say) {
  const site = newSite()
  try {
    fs.writeFileSync(site.tasks, `tasks: { job: { schedule: '@yearly', command: ls } }\n`)
    const { ready } = await launch(site)
    setPlan(site, { role: 'heir', after: 'start', at: 2, do: 'hang' })
    say('a restart whose new daemon hangs ...')
    const before = performance.now()
    const why = await ask(site, 'restart', {}, 90_000).then(
      () => undefined,
      (error) => error.message,
    )
    console.log(`after ${Math.round((performance.now() - before) / 1000)} s: ${why}`)
    const breaches = []
    if (!/did not become ready within 60 s/.test(why ?? '')) breaches.push(`it said: ${why}`)
    if ((await daemonOf(site)) !== ready.pid) breaches.push('the old daemon does not answer')
    return breaches
  } finally {
    await closeSite(site, false)
  }
}
