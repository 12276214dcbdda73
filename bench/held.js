import fs from 'node:fs'
import { readProc } from './daemon.js'

/** What a process holds now; undefined where it is gone. */
export function heldBy(pid) {
  const status = readProc(pid, 'status')
  if (status === undefined || isZombie(pid)) return undefined
  const mb = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
  try {
    return {
      rssMb: mb('VmRSS'),
      anonymousMb: mb('RssAnon'),
      descriptors: fs.readdirSync(`/proc/${pid}/fd`).length,
      zombies: zombiesOf(pid),
    }
  } catch {
    return undefined
  }
}

function zombiesOf(pid) {
  const children = (readProc(pid, `task/${pid}/children`) ?? '').trim().split(' ')
  return children.filter(isZombie)
}

/** Of samples one after the other: zombies that are in two of them, which nobody has taken up. */
export function zombiesThatStay(samples) {
  return samples.flatMap(({ zombies }, index) =>
    zombies.filter((pid) => samples[index + 1]?.zombies.includes(pid)),
  )
}

/** Not one that is gone, and that a slow init has not yet taken off the table. */
export function isRunning(pid) {
  return readProc(pid, 'stat') !== undefined && !isZombie(pid)
}

function isZombie(pid) {
  return /\) Z /.test(readProc(pid, 'stat') ?? '')
}
