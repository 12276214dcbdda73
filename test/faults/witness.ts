import { expect } from 'vitest'
import { faultsOf, historyOf, linesOf, readIfThere, startDaemon } from '../support/daemon.ts'
import { type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

/** A task that writes each of its slots into a file: the witness. */
export const witness = `
  second: { schedule: "* * * * * *", max: unlimited, command: 'echo $TORCH_SLOT >>$HOME/second' }
`

/** Starts the daemon of a site and waits until the witness has written. */
export async function startWitnessed(site: Site): Promise<number> {
  const pid = await startDaemon(site)
  await nextSeconds(site, 2)
  return pid
}

/** Waits until the witness has written `count` more slots. */
export function nextSeconds(site: Site, count: number): Promise<boolean> {
  const enough = linesOf(site, 'second').length + count
  return until(() => linesOf(site, 'second').length >= enough && true, `${count} more seconds`)
}

/** The longest gap in seconds that a busy machine may cause. A daemon that hangs would have no end of it. */
const maxGap = 15

/** Checks that the same daemon has done every second without a gap, and stops it. */
export async function expectUndisturbed(site: Site, pid: number): Promise<void> {
  expect(site.pid()).toBe(pid)
  expect(await site.torch('stop')).toMatchObject({ status: 0 })
  const rows = await historyOf(site)
  expect(faultsOf(site, ['second'], rows)).toEqual([])
  expect(Math.max(0, ...rows.map(({ count }) => count ?? 0))).toBeLessThan(maxGap)
}

/** The resident memory of a process, in MiB. */
export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1]
  return Number(kib) / 1024
}
