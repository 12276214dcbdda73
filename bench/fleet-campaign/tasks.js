import fs from 'node:fs'
import path from 'node:path'

/** The shortest that a tasks file may have: fewer seconds make a round shorter. */
const fence = 15
const killAfter = 1
/** What a machine promises: see docs/fleet.md. */
export const holdFor = fence + killAfter + 5

/** What the checker expects of the tasks below. */
export const expected = [
  { name: 'often', kind: 'slots', every: 2, within: 60 },
  { name: 'seldom', kind: 'slots', every: 15, within: 60 },
  { name: 'single', kind: 'slots', every: 5, max: 1, within: 60 },
  { name: 'pair', kind: 'slots', every: 3, max: 2, within: 60 },
  { name: 'queued', kind: 'slots', every: 6, max: 1 },
  { name: 'replaced', kind: 'slots', every: 10, max: 1 },
  { name: 'again', kind: 'slots', every: 10 },
  { name: 'lost', kind: 'slots', every: 10, max: 3, tries: 3, holdFor },
  { name: 'keep', kind: 'daemon', max: 1, holdFor },
  { name: 'keep-two', kind: 'daemon', max: 2, holdFor },
  { name: 'plain', kind: 'host', every: 1 },
]

/**
 * The script of all runs: it writes `begin`, a `beat` every half second, and `end`, or `term` if somebody ends it.
 * Its arguments: seconds to live, and the status to end with. One printf is one write, and O_APPEND puts it whole at the end of the file.
 */
export function writeWitness(folder) {
  fs.writeFileSync(
    path.join(folder, 'witness.sh'),
    `say() {
  read -r up _ </proc/uptime
  printf '%s %s %s %s %s %s %s %s\\n' "$TORCH_TASK" "\${TORCH_SLOT:--}" "\${TORCH_ATTEMPT:-1}" \\
    "$TORCH_RUN_ID" "$TORCH_HOST" "$$" "$up" "$1" >>'${folder}/witness'
}
trap 'say term; exit 143' TERM
say begin
left=$(($1 * 2))
while [ "$left" -gt 0 ]; do
  sleep 0.5
  say beat
  left=$((left - 1))
done
say end
exit "$2"
`,
  )
  fs.writeFileSync(path.join(folder, 'witness'), '')
}

/** The tasks file. `without` leaves a task out; `other` gives the tasks of the fleet another definition. */
export function tasksText(folder, { without, other = false } = {}) {
  const command = (seconds, status = 0) => [
    '/bin/sh',
    `${folder}/witness.sh`,
    seconds,
    String(status),
  ]
  const fleet = { scope: 'fleet', ...(other && { description: 'Another version', nice: 1 }) }
  const fenced = { ...fleet, fence: `${fence}s`, kill_after: `${killAfter}s` }
  const tasks = {
    often: { ...fleet, schedule: '*/2 * * * * *', max: 'unlimited', command: command('0') },
    seldom: { ...fleet, schedule: '*/15 * * * * *', max: 'unlimited', command: command('1') },
    single: { ...fenced, schedule: '*/5 * * * * *', command: command('3') },
    pair: { ...fenced, schedule: '*/3 * * * * *', max: 2, command: command('5') },
    queued: { ...fenced, schedule: '*/6 * * * * *', overlap: 'queue', command: command('8') },
    replaced: { ...fenced, schedule: '*/10 * * * * *', overlap: 'replace', command: command('12') },
    again: {
      ...fleet,
      schedule: '*/10 * * * * *',
      max: 'unlimited',
      retry: { attempts: 2, delay: '1s' },
      command: command('0', 1),
    },
    lost: {
      ...fenced,
      schedule: '*/10 * * * * *',
      max: 3,
      on_lost: 'rerun',
      command: command('12'),
    },
    keep: { ...fenced, type: 'daemon', command: command('3600') },
    'keep-two': { ...fenced, type: 'daemon', max: 2, command: command('3600') },
    plain: { schedule: '* * * * * *', max: 'unlimited', command: command('0') },
  }
  for (const task of Object.values(tasks)) task.command = task.command.map(String)
  if (without !== undefined) delete tasks[without]
  const defaults = { env: { MARK: folder }, output: { keep_runs: 2 } }
  return `${JSON.stringify({ timezone: 'UTC', defaults, tasks }, null, 2)}\n`
}
