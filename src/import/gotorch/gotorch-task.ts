import { parseNetwork } from '../../tasks/address.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import type { DraftValue } from '../draft.ts'
import type { GoTask } from './gotorch-file.ts'
import { readGoTimes } from './gotorch-times.ts'
import { unfitIn } from '../unfit.ts'

/** A task of gotorch in the terms of torch, or why it is none. */
export type GoEntry =
  | {
      readonly ok: true
      readonly type: 'common' | 'daemon'
      /** Empty for a daemon. */
      readonly schedule: string
      readonly command: readonly string[]
      /** By the key of a task; `value` is what is compared. */
      readonly settings: ReadonlyMap<
        string,
        { readonly value: string; readonly written: DraftValue }
      >
      readonly notes: readonly { readonly message: string; readonly sort?: string }[]
    }
  | { readonly ok: false; readonly message: string }

export function readGoTask(task: GoTask): GoEntry {
  const unfit = unfitIn([task.Command, ...task.Ips].join(' '))
  if (unfit !== undefined) return { ok: false, message: unfit }
  // At each single blank, as strings.Split() of Go does: two of them have an empty word between.
  const command = task.Command.split(' ')
  if (command[0] === '') return { ok: false, message: 'its Command does not begin with a program' }
  const hosts = task.Ips.filter((ip) => !ip.includes('/') && parseNetwork(ip) !== undefined)
  if (hosts.length === 0 && task.Ips.length > 0)
    return { ok: false, message: 'none of its Ips is an address, so that it runs nowhere' }

  const isDaemon = task.TaskType === 'daemon'
  const times = isDaemon ? undefined : readGoTimes(task.Times)
  if (times?.ok === false) return times
  const settings = new Map<string, { value: string; written: DraftValue }>()
  const max = isDaemon ? Math.max(task.Max, 1) : task.Max
  const written = max < 1 ? 'unlimited' : max
  settings.set('max', { value: String(written), written })
  if (hosts.length > 0) settings.set('hosts', { value: hosts.join(), written: hosts })
  return {
    ok: true,
    type: isDaemon ? 'daemon' : 'common',
    schedule: times?.schedule ?? '',
    command,
    settings,
    notes: [...notesOf(task, hosts), ...(times === undefined ? [] : notesOfTimes(times))],
  }
}

function notesOf(task: GoTask, hosts: readonly string[]) {
  const notes = task.others.map((key) => ({
    message: `unknown key ${showValue(key)}, left out`,
  }))
  for (const ip of task.Ips) {
    if (!hosts.includes(ip))
      notes.push({ message: `${showValue(ip)} is no address, left out of hosts` })
  }
  if (!['', 'common', 'daemon'].includes(task.TaskType))
    notes.push({ message: `TaskType ${showValue(task.TaskType)} is common, as in gotorch` })
  if (task.TaskType === 'daemon' && task.Max < 1)
    notes.push({ message: 'a daemon without a Max is started without end; max is 1 here' })
  return notes
}

function notesOfTimes({ neverFired, lostLast }: { neverFired: boolean; lostLast: boolean }) {
  if (neverFired)
    return [
      { message: 'gotorch never fired it (values and ranges match nothing there); it will now' },
    ]
  if (!lostLast) return []
  const message =
    'gotorch leaves out the last value of a * or step (second 59, hour 23, Sunday, December); torch does not'
  return [{ message, sort: 'last' }]
}
