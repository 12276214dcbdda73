import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { marked, pause, readProc, withDaemon } from './daemon.js'
import { percentile, round, slope } from './figures.js'
import { noises, slopeNoise } from './growth.js'

const idleTasks = 100
const idleTimes = 3
/** By then a daemon has done the work of its first minute. */
const settleMs = 75_000
const idleSamples = 10
const sampleEveryMs = 1_000
const maxIdleRatio = 1.6

/** Due each second: few enough that two busy cores are idle in between. */
const tasksPerSecond = 100
const warmUpShare = 0.3
/** With fewer runs the heap still grows to its normal size. */
const minRunsToJudge = 20_000
/** Per 1,000 runs, besides the noise: 1 MB in 50,000 runs. */
const allowedKb = 20

/**
 * The memory of an idle daemon, beside a bare Node at the same time; and whether it grows with many
 * runs.
 */
export async function memory({ starts }, say) {
  const parts = [await idle(say), await grown(starts, say)]
  return {
    tables: parts.map(({ table }) => table),
    breaches: parts.flatMap(({ breaches }) => breaches),
  }
}

async function idle(say) {
  const all = { torch: [], bare: [] }
  for (let time = 0; time < idleTimes; time++) {
    say(`idle, ${time + 1} of ${idleTimes} ...`)
    await withDaemon(
      ({ tasks, mark }) => fs.writeFileSync(tasks, tasksText(mark, idleTasks, '30 4 29 2 *')),
      async ({ pid }) => {
        const bare = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e3)'], { stdio: 'ignore' })
        try {
          await pause(settleMs)
          for (let sample = 0; sample < idleSamples; sample++) {
            all.torch.push(memoryOf(pid))
            all.bare.push(memoryOf(bare.pid))
            await pause(sampleEveryMs)
          }
        } finally {
          bare.kill()
        }
      },
    )
  }
  const rows = ['Rss', 'Pss', 'Anonymous'].map((key) => {
    const [torch, bare] = [all.torch, all.bare].map((some) => some.map((each) => each[key]))
    const [torchMb, bareMb] = [torch, bare].map((some) => percentile(some, 0.5))
    return {
      what: `${key}, MB`,
      torch: round(torchMb, 1),
      worst: round(Math.max(...torch), 1),
      'bare Node': round(bareMb, 1),
      ratio: round(torchMb / bareMb),
    }
  })
  const [{ ratio }] = rows
  return {
    table: { title: `An idle daemon with ${idleTasks} tasks`, rows },
    breaches: ratio > maxIdleRatio ? [`idle: ${ratio} times a bare Node, not ${maxIdleRatio}`] : [],
  }
}

/** In MB, see https://docs.kernel.org/filesystems/proc.html (smaps_rollup) */
function memoryOf(pid) {
  const text = readProc(pid, 'smaps_rollup') ?? ''
  const mb = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024
  return { Rss: mb('Rss'), Pss: mb('Pss'), Anonymous: mb('Anonymous') }
}

async function grown(starts, say) {
  return withDaemon(
    ({ tasks, mark }) => fs.writeFileSync(tasks, tasksText(mark, tasksPerSecond, '* * * * * *')),
    async ({ pid, torch, home }) => {
      const log = path.join(home, 'daemon.log')
      const points = []
      const counter = countEnds(log)
      let told = 0
      for (let runs = 0; runs < starts; await pause(sampleEveryMs)) {
        runs = counter()
        points.push([runs / 1000, memoryOf(pid).Anonymous * 1024])
        if (runs >= told) say(`${runs} runs of ${starts} ...`)
        while (told <= runs) told += 10_000
      }
      const skipped = JSON.parse(await torch('history', '--outcome', 'skipped', '--json')).length
      await torch('stop')
      if (marked(path.dirname(home)).length > 0)
        throw new Error('processes are left after torch stop')
      return growthOf(points, skipped)
    },
  )
}

function growthOf(points, skipped) {
  const warm = points.slice(Math.floor(points.length * warmUpShare))
  const kb = slope(warm)
  const noise = slopeNoise(warm)
  const limit = noises * noise + allowedKb
  const sizes = warm.map(([, size]) => size / 1024)
  const rows = [
    {
      runs: Math.round(points.at(-1)[0] * 1000),
      skipped,
      'least, MB': round(Math.min(...sizes), 1),
      p50: round(percentile(sizes, 0.5), 1),
      most: round(Math.max(...sizes), 1),
      'KB per 1,000 runs': round(kb, 1),
      'its noise': round(noise, 1),
      limit: round(limit, 1),
    },
  ]
  const runs = rows[0].runs
  const isGrowing = runs >= minRunsToJudge && kb > limit
  const breaches = isGrowing ? [`memory grows by ${round(kb, 1)} KB per 1,000 runs`] : []
  if (skipped > 0)
    breaches.push(`${skipped} starts were skipped: the machine is too slow for this many`)
  return { table: { title: 'Anonymous memory after warm-up, by runs', rows }, breaches }
}

/** Returns what reads the rest of the log and counts the runs that have ended so far. */
function countEnds(log) {
  let [at, count, rest] = [0, 0, '']
  return () => {
    const descriptor = fs.openSync(log, 'r')
    const buffer = Buffer.alloc(fs.fstatSync(descriptor).size - at)
    at += fs.readSync(descriptor, buffer, 0, buffer.length, at)
    fs.closeSync(descriptor)
    const lines = (rest + buffer.toString()).split('\n')
    rest = lines.pop() ?? ''
    count += lines.filter((line) => line.includes('"event":"end"')).length
    return count
  }
}

function tasksText(mark, count, schedule) {
  const names = Array.from({ length: count }, (_, index) => `task-${index}`)
  const lines = names.map((name) => `  ${name}: { schedule: '${schedule}', command: ['true'] }`)
  const head = `defaults:\n  env: { MARK: '${mark}' }\n  output: { keep_runs: 3 }\ntasks:\n`
  return `${head}${lines.join('\n')}\n`
}
