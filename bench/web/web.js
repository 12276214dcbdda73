import fs from 'node:fs'
import { pause, readProc, withDaemon } from '../daemon.js'
import { percentile, round } from '../figures.js'
import { usageOf } from '../usage.js'
import { firstPaints } from './first-paint.js'
import { openStream, timedGet, withServer } from './server.js'
import { tasksText, taskNames, tickTask, writeHistory } from './site.js'

const tasks = 2_000
const rows = 1_000_000
const pages = 50
const paints = 5
const windowMs = 60_000
/** By then a daemon has done the work of its first minute. */
const settleMs = 75_000
const hourMs = 3_600_000
const ticksPerSecond = 100
/** The promises. */
const goals = { paintMs: 1_000, timelineMs: 200, memoryMb: 120, cpuPercent: 1, lateMs: 10 }

/** `torch web` with 2,000 tasks and a million rows of history, and what 50 open pages cost the daemon. */
export async function web({ runs = 20 }, say) {
  const names = taskNames(tasks)
  const prepare = ({ tasks: file, folder, mark }) => {
    fs.writeFileSync(file, tasksText(names, mark))
    say(`writing ${rows} rows ...`)
    writeHistory(`${folder}/home`, names, rows, Date.now())
  }
  return withDaemon(prepare, ({ home, folder, torch, pid }) =>
    withServer(home, folder, async (server) => {
      say('answers ...')
      const answers = await answersOf(server, runs)
      say('first paint ...')
      const painted = await firstPaints(server, paints)
      const memory = memoryRow(server.pid)
      const cost = await costOfPages({ server, pid, torch, say })
      return {
        tables: [
          { title: `Answers with ${tasks} tasks and ${rows} rows, ms`, rows: answers },
          {
            title: 'A browser without a cache, until tasks are on the screen, ms',
            rows: paintRows(painted),
          },
          { title: 'torch web, MB', rows: [memory, memoryRow(server.pid, 'after the pages')] },
          { title: `The daemon in ${windowMs / 1000} s`, rows: cost },
        ],
        breaches: breachesOf(answers, painted, memory, cost),
      }
    }),
  )
}

async function answersOf(server, runs) {
  const now = Date.now()
  const span = (hours) =>
    `from=${new Date(now - hours * hourMs).toISOString()}&to=${new Date(now + hours * hourMs).toISOString()}`
  const shown = Array.from({ length: 40 }, (_, at) => `job-${String(at).padStart(5, '0')}`)
  const routes = {
    status: '/api/status',
    'timeline, 12 h': `/api/timeline?${span(6)}`,
    'timeline, 14 d, 40 tasks': `/api/timeline?${span(7 * 24)}${shown.map((name) => `&task=${name}`).join('')}`,
    'timeline of a task': `/api/timeline?${span(6)}&task=job-00007`,
    'history of a task': '/api/history?task=job-00007&limit=100',
    'last failures': '/api/history?outcome=failed&limit=100',
    metrics: '/metrics',
  }
  const measured = []
  for (const [answer, route] of Object.entries(routes)) {
    const got = []
    for (let time = 0; time < runs; time++) got.push(await timedGet(server, route))
    const ms = got.map((each) => each.ms)
    const [{ status, bytes }] = got
    measured.push({
      answer,
      status,
      KB: round(bytes / 1024, 0),
      first: round(ms[0], 0),
      p50: round(percentile(ms, 0.5), 0),
      max: round(Math.max(...ms), 0),
    })
  }
  return measured
}

function paintRows({ shown, why }) {
  if (shown === undefined) return [{ times: 0, note: why }]
  return [
    {
      times: shown.length,
      p50: round(percentile(shown, 0.5), 0),
      max: round(Math.max(...shown), 0),
    },
  ]
}

function memoryRow(pid, when = 'after the answers') {
  const { rssMb, anonymousMb } = usageOf(pid)
  return { when, Rss: round(rssMb, 1), anonymous: round(anonymousMb, 1) }
}

/** The daemon alone, and the same time with 50 pages open: processor time, and how late each second started. */
async function costOfPages({ server, pid, torch, say }) {
  say('the daemon alone ...')
  await pause(settleMs)
  const alone = await watch({ pid, server, torch })
  say(`${pages} pages ...`)
  const streams = await Promise.all(Array.from({ length: pages }, () => openStream(server)))
  try {
    const open = streams.filter(({ status }) => status === 200).length
    const with50 = await watch({ pid, server, torch })
    const updates = streams.reduce((sum, stream) => sum + stream.updates, 0)
    return [
      { pages: 0, ...alone },
      { pages: open, ...with50, updates: round(updates / pages, 0) },
    ]
  } finally {
    for (const stream of streams) stream.close()
  }
}

async function watch({ pid, server, torch }) {
  const from = new Date().toISOString()
  const before = [pid, server.pid].map(cpuSeconds)
  await pause(windowMs)
  const [ofDaemon, ofServer] = [pid, server.pid].map((each, at) => cpuSeconds(each) - before[at])
  const words = ['history', tickTask, '--since', from, '-n', '1000', '--json']
  const late = JSON.parse(await torch(...words)).map(({ lateMs }) => lateMs)
  const percent = (seconds) => round((seconds / windowMs) * 100_000)
  return {
    'daemon, % of a core': percent(ofDaemon),
    'torch web, % of a core': percent(ofServer),
    starts: late.length,
    'late p50, ms': percentile(late, 0.5),
    'late max, ms': Math.max(...late),
  }
}

/** utime and stime: fields 14 and 15 of proc(5). */
function cpuSeconds(pid) {
  const stat = readProc(pid, 'stat') ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function breachesOf(answers, { shown }, { Rss }, [alone, open]) {
  const timeline = answers.find(({ answer }) => answer === 'timeline, 12 h')
  const more = round(open['daemon, % of a core'] - alone['daemon, % of a core'])
  const later = open['late max, ms'] - alone['late max, ms']
  const paint = shown === undefined ? 0 : percentile(shown, 0.5)
  return [
    ...answers
      .filter(({ status }) => status !== 200)
      .map(({ answer, status }) => `"${answer}" is answered with ${status}`),
    ...(timeline.p50 > goals.timelineMs ? [`a timeline takes ${timeline.p50} ms`] : []),
    ...(shown === undefined ? ['the first paint could not be measured'] : []),
    ...(paint > goals.paintMs ? [`the first paint takes ${round(paint, 0)} ms`] : []),
    ...(Rss > goals.memoryMb ? [`torch web takes ${Rss} MB`] : []),
    ...(open.pages < pages ? [`only ${open.pages} of ${pages} pages could be opened`] : []),
    ...(more > goals.cpuPercent ? [`${pages} pages cost the daemon ${more} % of a core`] : []),
    ...(later > goals.lateMs
      ? [`with ${pages} pages a start is ${later} ms later than without`]
      : []),
  ]
}
