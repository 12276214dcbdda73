import fs from 'node:fs'
import path from 'node:path'
import { pause, readProc } from '../daemon.js'
import { ask, daemonOf, isAlive, killed, launch, setPlan, until } from './site.js'

/** How long to wait for a daemon that should come up by itself, such as the next daemon of a restart. */
const maxGapMs = 40_000

/** The disturbances. Each gets the round; ensureDaemon runs after it. */
const actions = {
  async kill(round) {
    await killed(round.pid)
    if (round.random.chance(0.3)) await pause(round.random.between(0, 2500))
  },
  /** At the n-th action of a daemon that starts, or soon after its start. */
  async crashWhileStarting(round) {
    await killed(round.pid)
    const { random } = round
    const after = random.pick(['start', 'start', 'said'])
    setPlan(round.site, { after, at: random.between(1, 40), do: random.pick(['kill', 'tear']) })
    await launch(round.site)
    await pause(random.between(200, 2500))
    setPlan(round.site, undefined)
  },
  async restart(round) {
    const before = round.pid
    const { pid } = await ask(round.site, 'restart', {}, 90_000)
    if (pid === before) round.breaches.push('a restart gave the same pid')
    await until(() => !isAlive(before), 'the end of the previous daemon')
  },
  async restartWithBadHeir(round) {
    const { random, site } = round
    const after = random.pick(['start', 'said', 'go', 'go'])
    setPlan(site, {
      role: 'next-daemon',
      after,
      at: random.between(1, 30),
      do: random.pick(['kill', 'tear', 'throw']),
    })
    await ask(site, 'restart', {}, 90_000).then(
      () => round.count('restart done'),
      () => round.count('restart refused'),
    )
    setPlan(site, undefined)
  },
  async killOldWhileRestarting(round) {
    const asked = ask(round.site, 'restart', {}, 90_000).catch(() => {})
    await pause(round.random.between(0, 2200))
    await killed(round.pid)
    await asked
  },
  async killHeirWhileRestarting(round) {
    const before = new Set(childrenOf(round.pid))
    const asked = ask(round.site, 'restart', {}, 90_000).catch(() => {})
    const next = await until(
      () => childrenOf(round.pid).find((pid) => !before.has(pid) && isDaemon(pid)),
      'the next daemon',
      5_000,
    ).catch(() => undefined)
    await pause(round.random.between(0, 2000))
    if (next !== undefined && isDaemon(next)) await killed(next)
    await asked
  },
  async termWhileRestarting(round) {
    const asked = ask(round.site, 'restart', {}, 90_000).catch(() => {})
    await pause(round.random.between(0, 1800))
    if (isAlive(round.pid)) process.kill(round.pid, 'SIGTERM')
    await asked
    await until(() => !isAlive(round.pid), 'the end of the daemon that got TERM', 60_000)
  },
  async stopAndLeave(round) {
    await ask(round.site, 'stop', { graceMs: null, leave: true })
    await until(() => !isAlive(round.pid), 'the end of the daemon that was stopped')
    if (round.random.chance(0.5)) await pause(round.random.between(0, 2000))
  },
  async reload(round) {
    round.change += 1
    const text = round.random.chance(0.15) ? 'tasks: [' : round.textOf(round.change)
    fs.writeFileSync(`${round.site.tasks}.new`, text)
    fs.renameSync(`${round.site.tasks}.new`, round.site.tasks)
    if (round.random.chance(0.7)) await ask(round.site, 'reload', {}, 30_000)
    if (text.startsWith('tasks: [')) {
      fs.writeFileSync(round.site.tasks, round.textOf(round.change))
      await ask(round.site, 'reload', {}, 30_000)
    }
    if (round.random.chance(0.4)) {
      await pause(round.random.between(0, 100))
      await killed(round.pid)
    }
  },
  async runByHand(round) {
    const task = round.random.pick(['brief-1', 'shot', 'again', 'big'])
    await ask(round.site, 'run', { task, force: true })
    if (round.random.chance(0.5)) await killed(round.pid)
  },
  async killRecorder(round) {
    const run = pickRun(round)
    if (run === undefined) return
    round.mayBeUnknown.add(run.run)
    signalIfSame(run.recorder)
    round.count('recorders killed')
  },
  async killRecorderAndCommand(round) {
    const run = pickRun(round)
    if (run === undefined) return
    round.mayBeUnknown.add(run.run)
    if (round.random.chance(0.5)) await killed(round.pid)
    // With the children of the command: they would stay, and be reported as stragglers.
    signalIfSame(run.recorder, true)
    round.count('recorders and commands killed')
  },
}

const often = ['kill', 'crashWhileStarting', 'crashWhileStarting', 'restartWithBadHeir']

/** Makes one thing go wrong, of these or of `others`, and then waits for a daemon that answers. */
export async function disturb(round, others = {}) {
  const all = { ...actions, ...others }
  const name = round.random.pick([...Object.keys(all), ...often])
  round.say(`${name} of ${round.pid}`)
  round.count(name)
  await all[name](round)
  round.pid = await ensureDaemon(round)
}

/** The pid of the daemon that has the home, or of a new one. */
export async function ensureDaemon(round) {
  const end = performance.now() + maxGapMs
  for (;;) {
    const pid = await daemonOf(round.site)
    if (pid !== undefined) return pid
    const said = await launch(round.site)
    if (said?.ok) return said.ready.pid
    // `already-running`: the next daemon of a restart has the lock and will answer soon.
    if (said !== undefined && said.error.code !== 'already-running')
      round.breaches.push(`a start failed: ${said.error.message}`)
    if (performance.now() > end) throw new Error('no daemon came up')
    await pause(100)
  }
}

function childrenOf(pid) {
  return (readProc(pid, `task/${pid}/children`) ?? '').trim().split(' ').filter(Boolean).map(Number)
}

function isDaemon(pid) {
  return (readProc(pid, 'cmdline') ?? '').includes('\0next-daemon') && isAlive(pid)
}

/** A running run, found by its files alone; with its command, once there is one. */
export function pickRun({ site, random }) {
  const active = path.join(site.home, 'active')
  const runs = fs.readdirSync(active).flatMap((run) => {
    const [task] = textOf(path.join(active, run)).split('\n')
    const at = (name) => textOf(path.join(site.home, 'runs', task, run, name))
    const recorder = identityOf(at('claim'))
    const isOver = recorder === undefined || /(^|\n)\d+\n/.test(at('exit'))
    return isOver ? [] : [{ task, run, recorder, command: identityOf(at('command')) }]
  })
  return runs.length === 0 ? undefined : random.pick(runs)
}

function identityOf(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.length < 20 ? undefined : { pid: Number.parseInt(stat, 10), start: fields[19] }
}

/** Sends KILL, unless another process has the pid by now. */
export function signalIfSame({ pid, start }, withGroup = false) {
  if (identityOf(readProc(pid, 'stat') ?? '')?.start !== start) return
  try {
    process.kill(withGroup ? -pid : pid, 'SIGKILL')
  } catch {
    // It has already ended.
  }
}

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
