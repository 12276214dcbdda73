import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeSites, newSite, script } from '../support/torch.ts'

afterAll(closeSites)

const maxMs = 60_000
const inNamespace = ['--pid', '--fork', '--mount-proc', '--kill-child']
const mayUnshare =
  process.getuid?.() === 0 && spawnSync('unshare', [...inNamespace, 'true']).status === 0

/**
 * In a pid namespace of its own, a test can choose the next pid. The command ends at TERM, and a child
 * that ignores TERM stays. Then this child is gone, and its group's number goes to processes of somebody
 * else, whose leader has ended too. `torch stop` ends when nothing is left to be killed.
 */
const reuse = `
torch() { "$NODE" "$SCRIPT" "$@"; }
torch start --tasks tasks.yaml && torch run deaf --detach || exit 1
until [ -s deaf ]; do sleep 0.05; done
torch kill deaf
for run in home/runs/deaf/*; do :; done
until [ -e "$run/outcome.json" ]; do sleep 0.05; done
read -r group rest <"$run/claim"
kill -9 "$(cat deaf)"
leader=
until [ "$leader" = "$group" ]; do
  echo $((group - 1)) >/proc/sys/kernel/ns_last_pid
  setsid sh -c 'echo $$ >leader; sleep 600 & echo $! >member'
  read -r leader <leader
done
torch stop
echo "stragglers $(sed 's/.*"stragglers":\\([0-9]*\\).*/\\1/' "$run/outcome.json")"
kill -0 "$(cat member)" && echo "the others live"
`

test.skipIf(!mayUnshare)(
  'processes that got the number of an ended group are not killed at kill_after',
  () => {
    const site = newSite(`
tasks:
  deaf:
    schedule: "@yearly"
    kill_after: 3s
    command: |
      sh -c 'trap "" TERM; echo $$ >"$HOME/deaf"; exec sleep 600' &
      exec sleep 600
`)
    site.write('reuse.sh', reuse)
    const command = ['sh', path.join(site.folder, 'reuse.sh')]
    const { stdout, stderr } = spawnSync('unshare', [...inNamespace, ...command], {
      cwd: site.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: site.folder,
        TORCH_HOME: site.home,
        NODE: process.execPath,
        SCRIPT: script,
      },
      encoding: 'utf8',
      timeout: maxMs,
      killSignal: 'SIGKILL',
    })
    expect(stdout, stderr).toMatch(/\nstragglers 1\nthe others live\n$/)
    expect(fs.existsSync(path.join(site.home, 'torch.pid'))).toBe(false)
  },
  maxMs,
)
