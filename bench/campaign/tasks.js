import fs from 'node:fs'
import path from 'node:path'

/**
 * What every task of the campaign runs. It writes its start, its end and how it will end into its own
 * file, which torch does not know about. $1: bytes of output, $2: seconds, $3: how it ends.
 */
const witnessScript = `
say() { echo "$*" >>"$MARK/witness/$TORCH_TASK"; }
say start "$TORCH_RUN_ID" "$TORCH_SLOT" "$TORCH_ATTEMPT" "$(date +%s%N)"
half=$(($1 / 2))
printf "%0\${half}d" 0
[ "$2" = 0 ] || sleep "$2"
printf "%0$(($1 - half))d" 0
case $3 in
exit:*) code=\${3#exit:} ;;
below:*) if [ "$TORCH_ATTEMPT" -lt "\${3#below:}" ]; then code=7; else code=0; fi ;;
child) code=0; sleep 2 & ;;
signal:*)
  say end "$TORCH_RUN_ID" signal "SIG\${3#signal:}" "$1"
  kill -s "\${3#signal:}" $$
  sleep 10 ;;
esac
say end "$TORCH_RUN_ID" exit "$code" "$1"
exit "$code"
`

export function writeWitness({ folder }) {
  fs.writeFileSync(path.join(folder, 'witness.sh'), witnessScript)
}

/** Tasks that torch may end before they end by themselves. */
export const endable = new Set(['replaced', 'stubborn', 'late', 'keep', 'flap', 'extra'])

/** How many times a failed run of `again` is retried. */
export const retries = 2

/** A tasks file with all kinds of tasks. `change` is the number of the edit. */
export function tasksText(site, random, change) {
  const lines = Object.entries(kindsOf(site, random, change)).flatMap(([name, keys]) => [
    `  ${name}:`,
    ...keys.map((key) => `    ${key}`),
  ])
  const head = [
    `# edit ${change}`,
    'defaults:',
    `  env: { MARK: '${site.folder}' }`,
    `  output: { keep_runs: 100000, keep_for: 7d }`,
    'tasks:',
  ]
  return `${[...head, ...lines].join('\n')}\n`
}

/** The lines of each kind of task, by name. `random` decides the figures. */
export function kindsOf({ folder }, random, change) {
  const run = (bytes, seconds, end) =>
    `command: [/bin/sh, ${folder}/witness.sh, '${bytes}', '${seconds}', '${end}']`
  const bytes = () => random.between(2, 5000)
  const every = (low, high) => `schedule: '*/${random.between(low, high)} * * * * *'`
  const code = () => random.pick([0, 0, 1, 3, 42, 126, 127, 130, 143, 255])
  const signal = () => random.pick(['TERM', 'KILL', 'SEGV', 'INT', 'HUP', 'PIPE'])
  const many = 'max: unlimited'
  const tasks = {
    second: [`schedule: '* * * * * *'`, many, run(10, 0, 'exit:0')],
    'brief-1': [every(1, 3), many, run(bytes(), 0, `exit:${code()}`)],
    'brief-2': [every(1, 3), many, run(bytes(), '0.3', `exit:${code()}`)],
    'long-1': [every(2, 4), many, run(bytes(), random.between(1, 5), `exit:${code()}`)],
    'long-2': [every(3, 5), 'max: 2', run(bytes(), random.between(2, 6), `exit:${code()}`)],
    queued: [every(2, 3), 'overlap: queue', run(bytes(), random.between(1, 4), 'exit:0')],
    replaced: [every(2, 4), 'overlap: replace', 'kill_after: 1s', run(bytes(), 5, 'exit:0')],
    stubborn: [
      every(3, 5),
      'overlap: replace',
      'kill_after: 700ms',
      `command: "trap '' TERM; set -- 100 2 exit:0; . ${folder}/witness.sh"`,
    ],
    again: [
      every(3, 5),
      many,
      `retry: { attempts: ${retries}, delay: ${random.between(200, 1500)}ms, backoff: 1 }`,
      run(bytes(), 0, `below:${random.between(2, 4)}`),
    ],
    shot: [every(2, 4), many, run(bytes(), random.pick([0, '0.5', 2]), `signal:${signal()}`)],
    parent: [every(3, 6), many, run(bytes(), 0, 'child')],
    late: [every(3, 5), many, 'timeout: 1s', 'kill_after: 500ms', run(bytes(), 3, 'exit:0')],
    spread: [every(1, 3), many, 'jitter: 1500ms', run(bytes(), 0, 'exit:0')],
    caught: [every(3, 6), 'catchup: latest', run(bytes(), random.between(0, 2), 'exit:0')],
    big: [every(3, 6), many, run(300_000, 1, 'exit:0')],
    keep: ['type: daemon', 'max: 2', run(bytes(), 3600, 'exit:0')],
    flap: [
      'type: daemon',
      'restart: { delay: 300ms, max_delay: 1s }',
      run(bytes(), '0.3', 'exit:1'),
    ],
  }
  if (change % 2 === 1) tasks.extra = [every(1, 2), many, run(20, 1, `exit:${change % 200}`)]
  return tasks
}
