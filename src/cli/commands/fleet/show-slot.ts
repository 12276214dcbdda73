import { exitStatus, messageOf } from '../../../errors.ts'
import { formatDuration } from '../../../text/duration.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { whyNotStarted } from '../../../text/why-not-started.ts'
import { type SlotReport, slotReport } from '../../../view/fleet/fleet-slot.ts'
import { readInstant, usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { outcomeWords } from '../../terminal/outcomes.ts'
import { exactTime, roughly, shownTime } from '../../terminal/times.ts'

/** Runs `torch fleet why`: who had a slot, and why not the others. */
export async function showSlot(call: Call, values: Values): Promise<number> {
  const { terminal, host } = call
  const [, task, time, ...more] = call.args
  if (task === undefined || time === undefined || more.length > 0)
    throw usageError(
      'torch fleet why takes a task and a time',
      'torch fleet why backup 2026-11-28T02:30',
    )
  const slot = slotOf(time)
  const report = await slotReport(
    (name, request) => ask(call, name, request, 'required'),
    task,
    slot,
  )
  const slotText = new Date(slot * 1000).toISOString()
  if (values.json) await terminal.say(JSON.stringify({ task, slot: slotText, ...report }, null, 2))
  else
    await terminal.say(
      [
        `${task} ${shownTime(host, slotText)}`,
        ...claimLines(call, report, slot),
        ...machineLines(report),
        ...leftLines(report),
      ].join('\n'),
    )
  for (const note of report.notes) terminal.note(`note: ${plainLine(note)}`)
  return exitStatus.done
}

function slotOf(time: string): number {
  try {
    return Math.floor(readInstant(time) / 1000)
  } catch (error) {
    throw usageError(messageOf(error), 'torch fleet why backup 2026-11-28T02:30')
  }
}

function claimLines({ host }: Call, { claim }: SlotReport, slot: number): string[] {
  if (claim.length === 0)
    return [
      'claim     none: no machine has it, it is older than two days, or the task is a plain one',
    ]
  return claim.map(({ tryNumber, claim: { host: owner, revision, definition }, storedMs }) => {
    const late = roughly(Math.max(storedMs - slot * 1000, 0))
    const nth = tryNumber === 1 ? '' : ` (start ${tryNumber})`
    const file = revision === null ? '' : `, file ${plainLine(revision)}`
    return `claim${nth}     ${plainLine(owner)} at ${exactTime(host, storedMs)}, ${late} after its time${file}, ${plainLine(definition.slice(0, 15))}`
  })
}

function machineLines({ machines }: SlotReport): string[] {
  const sorted = machines.toSorted((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))
  return sorted.flatMap((machine) => {
    const { host, hasTask, isHere, rank, candidates, definition, whyNot, offsetMs, rows } = machine
    const place =
      rank === null
        ? hasTask
          ? isHere
            ? definition === null
              ? 'starts it without asking the fleet: there it has no scope: fleet'
              : 'starts nothing more'
            : 'may not run it'
          : 'does not have the task'
        : `is number ${rank + 1} of ${candidates} for this slot`
    const facts = [
      place,
      ...(whyNot === null ? [] : [`starts nothing of it now: ${whyNotStarted(whyNot)}`]),
      ...(offsetMs === null || Math.abs(offsetMs) < 100
        ? []
        : [`clock ${formatDuration(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`]),
    ]
    const seen = rows.map((row) => `          ${rowWords(row)}`)
    return [`${plainLine(host).padEnd(9)} ${plainLine(facts.join('; '))}`, ...seen]
  })
}

function leftLines({ rows }: SlotReport): string[] {
  return rows.map((row) => `${plainLine(row.host).padEnd(9)} is down; ${rowWords(row)}`)
}

function rowWords(row: SlotReport['rows'][number]): string {
  const took = row.durationMs === null ? '' : ` after ${roughly(row.durationMs)}`
  return plainLine(`${outcomeWords(row)}${took}${row.run === null ? '' : `, run ${row.run}`}`)
}
