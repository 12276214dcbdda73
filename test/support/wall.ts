import fs from 'node:fs'
import path from 'node:path'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { openHistory } from '../../src/record/history/write-history.ts'
import { newRunId } from '../../src/run/directory.ts'
import { newRepository } from './repository.ts'
import { newSite, type Site } from './torch.ts'

/**
 * A machine as a person may have it on the wall: tasks in a git repository, and a past of seven hours in
 * which some failed, some were skipped, and torch was down for a while.
 */

const tasksFile = `# The tasks of the shop.
hosts:
  databases: [db-1.example.com]
defaults:
  timezone: UTC
tasks:
  nightly-dump:
    schedule: "30 2 * * *"
    command: "echo dumped"
    description: Dump of the orders database, kept for 30 days
    labels: { team: data, env: prod }
  mirror-packages:
    schedule: "*/15 * * * *"
    command: "exit 3"
    description: Copies the package mirror
    labels: { team: infra }
  check-certificates:
    schedule: "17 * * * *"
    command: "true"
    labels: { team: infra }
  send-reports:
    schedule: "5 * * * *"
    command: "true"
    description: Sends the sales of the last hour to the branches
    labels: { team: data }
  resize-images:
    schedule: "*/2 * * * *"
    command: "true"
    labels: { team: shop, env: prod }
  sync-warehouse:
    schedule: "*/20 * * * *"
    command: "while [ ! -e end-sync ]; do sleep 0.1; done"
    description: Sends new orders to the warehouse
    labels: { team: shop }
  poll-payments:
    schedule: "* * * * *"
    command: "true"
    labels: { team: shop, env: prod }
  queue-worker:
    type: daemon
    command: "exec sleep 100000"
    labels: { team: shop }
  rotate-logs:
    schedule: "@daily"
    command: "true"
  replicate-db:
    schedule: "*/30 * * * *"
    command: "true"
    hosts: [databases]
  deploy-docs:
    type: manual
    command: "./deploy.sh"
    description: Builds the documentation and copies it to the web server
    labels: { team: docs }
`

const deployScript = `#!/bin/sh
printf '\\033[1mdeploy-docs\\033[0m of 4c1e09f\\n'
i=0
for page in install operating scripts input web monitoring notifications; do
  i=$((i + 1))
  printf 'build  \\033[36m%-16s\\033[0m %3d kB  \\033[32mok\\033[0m\\n' "$page" $((i * 7))
done
printf '\\033[33mwarning:\\033[0m operating.md: 2 links have moved\\n'
i=0
while [ $i -lt 18 ]; do
  i=$((i + 1))
  printf 'copy   docs/page-%02d.html\\n' $i
done
printf '\\033[32mdone\\033[0m, 25 files\\n'
while [ ! -e end-deploy ]; do sleep 0.1; done
`

/** How a task ran in the past: every so many minutes, for about so long. */
interface Past {
  readonly task: string
  readonly everyMinutes: number
  readonly atMinute?: number
  readonly seconds: number | ((ago: number) => number)
  /** Whether the n-th run before now failed, was skipped, or was not started. */
  readonly end?: (ago: number) => Partial<HistoryRow>
}

const failed: Partial<HistoryRow> = { outcome: 'failed', exitCode: 3 }
const skipped: Partial<HistoryRow> = { outcome: 'skipped', reason: 'max' }

const past: readonly Past[] = [
  {
    task: 'mirror-packages',
    everyMinutes: 15,
    seconds: 190,
    end: (ago) => (ago < 4 ? failed : {}),
  },
  { task: 'check-certificates', everyMinutes: 60, atMinute: 17, seconds: 4 },
  { task: 'send-reports', everyMinutes: 60, atMinute: 5, seconds: 660 },
  {
    task: 'resize-images',
    everyMinutes: 2,
    // Before two skipped starts, a run that takes too long.
    seconds: (ago) => (ago % 23 === 13 ? 300 : 70),
    end: (ago) => (ago % 23 === 11 || ago % 23 === 12 ? skipped : ago === 60 ? failed : {}),
  },
  { task: 'sync-warehouse', everyMinutes: 20, seconds: 300 },
  { task: 'nightly-dump', everyMinutes: 1440, atMinute: 150, seconds: 1500 },
  { task: 'rotate-logs', everyMinutes: 1440, seconds: 12 },
  { task: 'poll-payments', everyMinutes: 1, seconds: 9, end: (ago) => (ago === 90 ? failed : {}) },
]

const pastMs = 7 * 3_600_000
/** Of what runs once a day. */
const longPastMs = 30 * 86_400_000
/** torch was down from so long ago, for so long. */
const down = { agoMs: 3.2 * 3_600_000, forMs: 20 * 60_000 }
const host = 'shop-1'

/** The site of the wall, its daemon not yet started. */
export function newWall(nowMs = Date.now()): Site {
  const site = newSite()
  const repository = newRepository(site.folder)
  site.write('deploy.sh', deployScript)
  fs.chmodSync(path.join(site.folder, 'deploy.sh'), 0o755)
  site.write('.gitignore', 'home/\nend-*\n')
  site.write('tasks.yaml', tasksFile)
  repository.commit('tasks: send the reports five minutes later')
  writePast(
    site,
    past.flatMap((each) => rowsOf(each, nowMs, repository.git('rev-parse', 'HEAD'))),
  )
  return site
}

/** Rows of the history that no run folder stands behind. The daemon must not run yet. */
export function writePast(site: Site, rows: readonly HistoryRow[]): void {
  fs.mkdirSync(site.home, { recursive: true, mode: 0o700 })
  const history = openHistory(path.join(site.home, 'history.db'), {
    after: () => () => {},
    now: Date.now,
    onTrouble: (message) => {
      throw new Error(message)
    },
  })
  for (const row of rows) history.add(row)
  history.close()
}

function rowsOf(
  { task, everyMinutes, atMinute = 0, seconds, end }: Past,
  nowMs: number,
  revision: string,
) {
  const stepMs = everyMinutes * 60_000
  const newest = Math.floor((nowMs - atMinute * 60_000) / stepMs) * stepMs + atMinute * 60_000
  const rows: HistoryRow[] = []
  const oldest = nowMs - (everyMinutes < 1440 ? pastMs : longPastMs)
  let ago = -1
  for (let slot = newest; slot > oldest; slot -= stepMs) {
    ago += 1
    const sinceDown = slot - (nowMs - down.agoMs)
    if (sinceDown >= 0 && sinceDown < down.forMs) continue
    // Neither the same length each time, nor another one at each call.
    const usual = typeof seconds === 'number' ? seconds : seconds(ago)
    const ms = Math.round(usual * 1000 * (0.8 + 0.4 * ((ago * 0.618) % 1)))
    if (slot + ms > nowMs) {
      // It would still run: the one before is the newest that has ended.
      ago -= 1
      continue
    }
    rows.push(pastRow(task, slot, ms, { revision, ...end?.(ago) }))
  }
  const first = Math.ceil((nowMs - down.agoMs) / stepMs) * stepMs
  const count = Math.floor(down.forMs / stepMs)
  if (count > 0)
    rows.push(
      pastRow(task, first, 0, {
        outcome: 'missed',
        reason: 'down',
        lastSlot: isoSecond(first + (count - 1) * stepMs),
        count,
      }),
    )
  return rows.toSorted((a, b) => (a.slot ?? '').localeCompare(b.slot ?? ''))
}

/** A run of the past; or, as `changes` say, a slot without one. */
export function pastRow(
  task: string,
  slotMs: number,
  ms: number,
  changes: Partial<HistoryRow> = {},
): HistoryRow {
  const hasRun = changes.outcome !== 'skipped' && changes.outcome !== 'missed'
  return {
    run: hasRun ? newRunId(slotMs + 5) : null,
    task,
    slot: isoSecond(slotMs),
    startedAt: hasRun ? new Date(slotMs + 5).toISOString() : null,
    endedAt: hasRun ? new Date(slotMs + 5 + ms).toISOString() : null,
    durationMs: hasRun ? ms : null,
    outcome: 'ok',
    exitCode: hasRun ? 0 : null,
    signal: null,
    reason: null,
    trigger: 'schedule',
    attempt: hasRun ? 1 : null,
    lateMs: hasRun ? 5 : null,
    host,
    revision: null,
    lastSlot: null,
    count: null,
    script: null,
    ...changes,
  }
}

function isoSecond(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '')
}
