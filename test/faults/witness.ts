import { expect } from 'vitest'
import { faultsOf, historyOf, linesOf, readIfThere, startDaemon } from '../system/support.ts'
import { type Site, until } from '../support/torch.ts'

/** A task that writes each of its seconds into a file: the witness. */
export const witness = `
  second: { schedule: "* * * * * *", max: unlimited, command: 'echo $TORCH_SLOT >>$HOME/second' }
`

/** Starts the daemon of a site, and waits until the witness has written. */
export async function startWitnessed(site: Site): Promise<number> {
  const pid = await startDaemon(site)
  await nextSeconds(site, 2)
  return pid
}

/** Waits for so many more seconds of the witness. */
export function nextSeconds(site: Site, count: number): Promise<boolean> {
  const enough = linesOf(site, 'second').length + count
  return until(() => linesOf(site, 'second').length >= enough && true, `${count} more seconds`)
}

/** So many seconds a busy machine may keep the daemon from its ticks; a daemon that waits is kept for ever. */
const maxGap = 15

/** The same daemon has done each second, with no pause, and can be stopped. */
export async function expectUndisturbed(site: Site, pid: number): Promise<void> {
  expect(site.pid()).toBe(pid)
  expect(await site.torch('stop')).toMatchObject({ status: 0 })
  const rows = await historyOf(site)
  expect(faultsOf(site, ['second'], rows)).toEqual([])
  expect(Math.max(0, ...rows.map(({ count }) => count ?? 0))).toBeLessThan(maxGap)
}

/** What a process has in memory, in MiB. */
export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1]
  return Number(kib) / 1024
}
