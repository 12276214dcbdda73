import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import { pause, readProc, withDaemon } from './daemon.js'
import { percentile, round } from './figures.js'

/** Tasks in the file, without those that are due each second. */
const sizes = [100, 1_000, 10_000]
const dueEachSecond = 10
const changedPerReload = 10
const reloads = 4
/** After a load V8 needs some seconds until it returns unused memory. */
const settleMs = 15_000
const quietMs = 20_000
/** The promises, for the largest size. */
const goals = { loadSeconds: 6, rssMb: 180, lateMs: 50, cpuPercent: 1 }

/** The cost of many tasks: to load them, to keep them, to reload some of them. */
export async function scale(_, say) {
  const rows = []
  for (const tasks of [0, ...sizes]) {
    say(`${tasks} tasks ...`)
    rows.push(await measure(tasks))
    say(JSON.stringify(rows.at(-1)))
  }
  const [none, ...all] = rows
  const largest = all.at(-1)
  const breaches = [
    [largest.load <= goals.loadSeconds, `loaded in ${largest.load} s`],
    [largest.rss < goals.rssMb, `${largest.rss} MB once loaded`],
    [largest.rssReloaded < goals.rssMb, `${largest.rssReloaded} MB after ${reloads} reloads`],
    // The daemon does not answer for the lateness of the machine itself.
    [
      largest.lateInReload - largest.floorLate <= goals.lateMs,
      `a tick was ${largest.lateInReload} ms late in a reload (a bare timer: ${largest.floorLate} ms)`,
    ],
    [
      largest.cpu - none.cpu <= goals.cpuPercent,
      `${largest.cpu} % of a core (${none.cpu} % with only the tasks that are due)`,
    ],
  ]
  const title = `Files of many tasks, and ${dueEachSecond} more that are due each second`
  return {
    tables: [
      {
        title: `${title}: load in s, beside the YAML package alone; memory in MB`,
        rows: rows.map(loading),
      },
      {
        title: `${title}: part of a core in %; ticks, in ms after their second`,
        rows: rows.map(ticking),
      },
    ],
    breaches: breaches
      .filter(([kept]) => !kept)
      .map(([, found]) => `${largest.tasks} tasks: ${found}`),
  }
}

function loading({ tasks, load, yaml, rss, rssReloaded, reload }) {
  const ratio = round(load / yaml)
  return {
    tasks,
    load,
    'yaml alone': yaml,
    ratio,
    memory: rss,
    'after reloads': rssReloaded,
    reload,
  }
}

function ticking({ tasks, cpu, lateQuiet, lateInReload, floorLate }) {
  return {
    tasks,
    cpu,
    'late, quiet (max)': lateQuiet,
    'in reloads (max)': lateInReload,
    'bare timer (max)': floorLate,
  }
}

async function measure(tasks) {
  let mark = ''
  const began = performance.now()
  const prepare = (place) => {
    mark = place.mark
    fs.writeFileSync(place.tasks, textOf(mark, tasks, 0))
  }
  return withDaemon(prepare, async ({ folder, home, tasks: file, torch, pid }) => {
    const load = round((performance.now() - began) / 1000)
    const yaml = round(timeYaml(file))
    await pause(settleMs)
    const rss = rssOf(pid)
    const [quiet, cpu] = await during(pid, () => pause(quietMs))
    const timer = bareTimer()
    const times = []
    const [busy] = await during(pid, async () => {
      for (let turn = 1; turn <= reloads; turn++) {
        fs.writeFileSync(`${folder}/.new`, textOf(mark, tasks, turn))
        const from = performance.now()
        fs.renameSync(`${folder}/.new`, file)
        await untilLoaded(home, turn)
        times.push(performance.now() - from)
        await pause(1000)
      }
    })
    const floorLate = await timer()
    await pause(settleMs)
    const rows = JSON.parse(await torch('history', '--json', '-n', '5000'))
    return {
      tasks,
      load,
      yaml,
      rss,
      rssReloaded: rssOf(pid),
      reload: round(percentile(times, 0.5) / 1000),
      cpu,
      lateQuiet: worstTick(rows, quiet),
      lateInReload: worstTick(rows, busy),
      floorLate,
    }
  })
}

/** A generated file. Each turn changes ten tasks and moves all lines. */
function textOf(mark, tasks, turn) {
  const due = Array.from(
    { length: dueEachSecond },
    (_, index) => `  due-${index}: { schedule: '* * * * * *', command: ':', max: unlimited }\n`,
  )
  const step = Math.max(Math.floor(tasks / changedPerReload), 1)
  const job = (index) => {
    const command = index % step === 0 ? `echo ${turn}` : 'true'
    return `  task-${index}:\n    schedule: '${index % 60} ${index % 24} ${(index % 28) + 1} * *'\n    command: ${command} ${index}\n`
  }
  const jobs = Array.from({ length: tasks }, (_, index) => job(index))
  // Without other tasks, one more task is there to change.
  const other = tasks === 0 ? `  once: { schedule: '@yearly', command: 'echo ${turn}' }\n` : ''
  const head = `# turn ${turn}\n${'#\n'.repeat(turn)}defaults: { env: { MARK: ${mark} } }\n`
  return `${head}tasks:\n${due.join('')}${other}${jobs.join('')}`
}

/** The floor: seconds of a process that only parses the same file with the YAML package. */
function timeYaml(file) {
  const script = `import fs from 'node:fs'; import { parseDocument } from 'yaml'
    parseDocument(fs.readFileSync(${JSON.stringify(file)}, 'utf8'), { uniqueKeys: false })`
  const from = performance.now()
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  })
  return (performance.now() - from) / 1000
}

function rssOf(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))[1]) / 1000)
}

/** When the work began and ended, and the share of a core that the daemon used meanwhile, in percent. */
async function during(pid, work) {
  const [from, used] = [Date.now(), cpuMs(pid)]
  await work()
  const to = Date.now()
  return [[from, to], round(((cpuMs(pid) - used) / (to - from)) * 100)]
}

/** User and system time of all threads of a process. /proc counts in ticks of 10 ms. */
function cpuMs(pid) {
  const fields = readProc(pid, 'stat').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function untilLoaded(home, count) {
  const loads = () =>
    fs.readFileSync(`${home}/daemon.log`, 'utf8').split('"event":"load"').length - 1
  while (loads() < count) await pause(50)
}

/** The worst lateness of the first start of a second, on record. */
function worstTick(rows, [from, to]) {
  const first = new Map()
  for (const { slot, lateMs } of rows) {
    const at = Date.parse(slot)
    if (lateMs === null || at < from || at > to - 1000) continue
    first.set(at, Math.min(first.get(at) ?? Infinity, lateMs))
  }
  return Math.max(0, ...first.values())
}

/** Starts a bare process with a timer at whole seconds. Returns what ends it and gives its worst lateness. */
function bareTimer() {
  const script = `let worst = 0
    const arm = () => { const due = Math.ceil((Date.now() + 1) / 1000) * 1000
      setTimeout(() => { worst = Math.max(worst, Date.now() - due); arm() }, due - Date.now()) }
    arm()
    process.stdin.on('end', () => { console.log(worst); process.exit() }).resume()`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  return () =>
    new Promise((resolve) => {
      child.stdout.on('data', (text) => resolve(Number(text)))
      child.stdin.end()
    })
}
