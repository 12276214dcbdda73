import fs from 'node:fs'
import { readProc } from './daemon.js'

/** The memory, descriptors and zombie children of a process; undefined if it is gone. */
export function usageOf(pid) {
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

/** Zombies that are in two successive samples: their parent does not collect them. */
export function zombiesThatStay(samples) {
  return samples.flatMap(({ zombies }, index) =>
    zombies.filter((pid) => samples[index + 1]?.zombies.includes(pid)),
  )
}

/** Whether a process runs. A zombie that a slow init has not collected yet does not. */
export function isRunning(pid) {
  return readProc(pid, 'stat') !== undefined && !isZombie(pid)
}

function isZombie(pid) {
  return /\) Z /.test(readProc(pid, 'stat') ?? '')
}
