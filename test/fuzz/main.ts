import { parseArgs } from 'node:util'
import { casesOf, failureText, fuzz, newSeed, type Report } from './run.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'
import { newWatchdog, type Watchdog } from './watchdog.ts'

const usage = `usage: npm run fuzz -- [--cases 100000] [--target NAME]... [--seed N] [--path P] [--minutes M] [--json]
targets: ${targets.map(({ name }) => name).join(', ')}`

interface Plan {
  readonly chosen: readonly Target[]
  readonly total: number
  readonly seed: number
  readonly path: string | undefined
  readonly minutes: number
}

/** `npm run fuzz`: tries one target after the other. Returns the exit status. */
export async function main(words: string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(usage)
    return 0
  }
  const { values } = parseArgs({
    args: words,
    options: {
      cases: { type: 'string', default: '100000' },
      target: { type: 'string', multiple: true },
      seed: { type: 'string', default: String(newSeed()) },
      path: { type: 'string' },
      minutes: { type: 'string', default: 'Infinity' },
      json: { type: 'boolean', default: false },
    },
  })
  const { target: wanted = targets.map(({ name }) => name), path } = values
  const chosen = targets.filter(({ name }) => wanted.includes(name))
  const [total, seed, minutes] = [Number(values.cases), Number(values.seed), Number(values.minutes)]
  const isKnown = wanted.every((name) => chosen.some((one) => one.name === name))
  if (!isKnown || !(total >= 1 && Number.isInteger(seed) && minutes > 0)) {
    console.error(usage)
    return 2
  }
  const reports = await fuzzAll({ chosen, total, seed, path, minutes })
  if (values.json) console.log(JSON.stringify(reports, null, 2))
  else printTable(reports, seed)
  return reports.some(({ failure }) => failure !== undefined) ? 1 : 0
}

async function fuzzAll({ chosen, total, seed, path, minutes }: Plan): Promise<Report[]> {
  const end = performance.now() + minutes * 60_000
  const watchdog: Watchdog = newWatchdog()
  const reports: Report[] = []
  for (const [at, target] of chosen.entries()) {
    const cases = casesOf(target, chosen, total)
    console.error(`${target.name}: ${cases} cases`)
    // Each target gets an equal share of the time that is left.
    const now = performance.now()
    const untilMs = now + (end - now) / (chosen.length - at)
    const onBatch = (batch: number): void =>
      watchdog.beat(`--target ${target.name} --seed ${batch}`)
    const report = await fuzz(target, { cases, seed, path, untilMs, onBatch })
    if (report.failure !== undefined) console.error(`FAILED: ${failureText(report.failure)}`)
    reports.push(report)
  }
  await watchdog.close()
  return reports
}

function printTable(reports: readonly Report[], seed: number): void {
  const cells = reports.map(({ target, cases, seconds, failure }) => [
    target,
    cases.toLocaleString('en-US'),
    seconds.toFixed(1),
    Math.round(cases / seconds).toLocaleString('en-US'),
    failure === undefined ? '0' : '1',
  ])
  const sum = (of: (report: Report) => number): number =>
    reports.reduce((all, report) => all + of(report), 0)
  const [cases, seconds] = [sum((each) => each.cases), sum((each) => each.seconds)]
  const failures = sum(({ failure }) => (failure === undefined ? 0 : 1))
  cells.push([
    'all',
    cases.toLocaleString('en-US'),
    seconds.toFixed(1),
    Math.round(cases / seconds).toLocaleString('en-US'),
    String(failures),
  ])
  const rows = [['target', 'cases', 'seconds', 'cases/s', 'failures'], ...cells]
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  for (const row of rows)
    console.log(
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths?.[at] ?? 0) : cell.padStart(widths?.[at] ?? 0),
        )
        .join('  '),
    )
  console.log(`seed ${seed}`)
}
