import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { closeSites } from '../support/torch.ts'
import { maxTestMs } from '../support/daemon.ts'
import { reasonsOf, survive } from './support.ts'

afterAll(closeSites)

/** Sets a soft limit of a process, as that process's user: not every root may do it for others. */
function limit(pid: number, what: 'nofile' | 'nproc', value: number): void {
  const { uid, gid } = fs.statSync(`/proc/${pid}`)
  const prlimit = ['prlimit', `--pid=${pid}`, `--${what}=${value}:`]
  const as = uid === process.getuid?.() ? [] : asUser(uid, gid)
  const [program = '', ...words] = [...as, ...prlimit]
  execFileSync(program, words)
}

function asUser(uid: number, gid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
}

/** Threads count as processes. No other process has this user. */
function threadsOf(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/task`).length
}

const launchers = [
  ['posix_spawn', false],
  ["Node's spawn", true],
] as const

describe.concurrent.each(launchers)(
  'runs started by %s',
  { timeout: maxTestMs },
  (_, withoutKoffi) => {
    test('the daemon survives having no free descriptor', async () => {
      const after = await survive({
        withoutKoffi,
        held: 20,
        strike: (_site, pid) => {
          limit(pid, 'nofile', 3)
          return () => limit(pid, 'nofile', 4096)
        },
      })
      expect(reasonsOf(after)).toEqual(['EMFILE: too many open files, open'])
      expect(after.told).toEqual(
        expect.arrayContaining([
          "could not read how runs ended: EMFILE: too many open files, open 'HOME/runs/held/RUN/claim'",
          "could not write slots: EMFILE: too many open files, open 'HOME/slots'",
          'could read how runs ended again',
          'could write slots again',
        ]),
      )
    })

    // The limit does not apply to root, and only root can become another user.
    test.skipIf(process.getuid?.() !== 0)(
      'the daemon survives having no free process',
      async () => {
        const uid = withoutKoffi ? 1 : 2
        const after = await survive({
          withoutKoffi,
          uid,
          held: 5,
          strike: (_site, pid) => {
            limit(pid, 'nproc', 1)
            return () => limit(pid, 'nproc', 4096)
          },
        })
        const words = 'no more processes are allowed, see ulimit -u and TasksMax= (EAGAIN)'
        expect(reasonsOf(after)).toEqual([
          withoutKoffi ? expect.stringMatching(/^spawnSync .*\/mkfifo EAGAIN$/) : words,
        ])
        expect(after.told).toEqual([])
      },
    )

    test.skipIf(process.getuid?.() !== 0)(
      'the daemon survives a machine that has a process for the recorder but not for the command',
      async () => {
        const uid = withoutKoffi ? 5 : 6
        const after = await survive({
          withoutKoffi,
          uid,
          strike: (_site, pid) => {
            // The recorder, its collector and the cat of that.
            limit(pid, 'nproc', threadsOf(pid) + 3)
            return () => limit(pid, 'nproc', 4096)
          },
        })
        expect(reasonsOf(after)).toEqual([
          'the recorder could not start the command: the machine has no process or memory left',
        ])
        expect(after.told).toEqual([])
      },
    )
  },
)
