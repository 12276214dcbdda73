import type { NearSlots } from '../../../daemon/fleet/answer-asks.ts'
import { exitStatus, messageOf } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import { formatDuration } from '../../../text/duration.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { whyNotStarted } from '../../../text/why-not-started.ts'
import { type SlotReport, slotReport } from '../../../view/fleet/fleet-slot.ts'
import type { AskFleet } from '../../../view/fleet/fleet-status.ts'
import { requireKnownTasks } from '../../../view/fleet/known.ts'
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
  const asked: AskFleet = (name, request) => ask(call, name, request, 'required')
  const report = await slotReport(asked, task, slot)
  if (isUnknown(report)) await requireKnownTasks(asked, [task])
  const slotText = new Date(slot * 1000).toISOString()
  if (values.json) await terminal.say(JSON.stringify({ task, slot: slotText, ...report }, null, 2))
  else await terminal.say(slotLines(host, report, { task, slot }).join('\n'))
  for (const note of report.notes) terminal.note(`note: ${plainLine(note)}`)
  return report.claim === null ? exitStatus.failed : exitStatus.done
}

/** No machine knows the task, and nothing of it is left. */
function isUnknown({ claim, machines, rows }: SlotReport): boolean {
  const isKnown = machines.some((machine) => machine.hasTask || machine.rows.length > 0)
  return !isKnown && rows.length === 0 && (claim ?? []).length === 0
}

/** What is known of a slot, for people. `slot`: in seconds since the epoch. */
export function slotLines(
  host: Host,
  report: SlotReport,
  { task, slot }: { readonly task: string; readonly slot: number },
): string[] {
  return [
    `${plainLine(task)} ${shownTime(host, new Date(slot * 1000).toISOString())}`,
    ...claimLines(host, report, slot),
    ...machineLines(host, report),
    ...leftLines(report),
  ]
}

function slotOf(time: string): number {
  try {
    return Math.floor(readInstant(time) / 1000)
  } catch (error) {
    throw usageError(messageOf(error), 'torch fleet why backup 2026-11-28T02:30')
  }
}

function claimLines(host: Host, report: SlotReport, slot: number): string[] {
  const { claim } = report
  if (claim === null) return ['claim     not known: the engine gives no answer']
  if (claim.length === 0) return [`claim     none: ${whyNoClaim(host, report, slot)}`]
  return claim.map(({ tryNumber, claim: { host: owner, revision, definition }, storedMs }) => {
    const late = roughly(Math.max(storedMs - slot * 1000, 0))
    const nth = tryNumber === 1 ? '' : ` (start ${tryNumber})`
    const file = revision === null ? '' : `, file ${plainLine(revision)}`
    return `claim${nth}     ${plainLine(owner)} at ${exactTime(host, storedMs)}, ${late} after its time${file}, version ${plainLine(definition.slice(0, 15))}`
  })
}

/** Claims are kept for two days. */
const claimsKeptMs = 48 * 3_600_000

function whyNoClaim(host: Host, { machines }: SlotReport, slot: number): string {
  const having = machines.filter(({ hasTask }) => hasTask)
  const shared = having.filter(({ definition }) => definition !== null)
  if (having.length > 0 && shared.length === 0)
    return 'the task has no scope: fleet, so each machine starts it by itself'
  const due = shared.map((machine) => machine.due).filter((each) => each !== null)
  const [first] = due
  if (first !== undefined && !due.some(({ isDue }) => isDue))
    return `the task is not due then; ${nearWords(host, first)}`
  const ageMs = host.clock.now() - slot * 1000
  if (ageMs > claimsKeptMs) return 'claims are kept for two days, and this slot is older'
  return ageMs < 0 ? 'the slot has not come yet' : 'no machine has it'
}

/** The slots around a moment. */
function nearWords(host: Host, { before, after }: NearSlots): string {
  const words = [
    ...(before === null ? [] : [`the slot before is ${shownTime(host, before)}`]),
    ...(after === null ? [] : [`the one after is ${shownTime(host, after)}`]),
  ]
  return words.length === 0 ? 'it has no slots' : words.join(', ')
}

function machineLines(host: Host, { machines }: SlotReport): string[] {
  const sorted = machines.toSorted((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))
  return sorted.flatMap((machine) => {
    const { whyNot, offsetMs, rows } = machine
    const facts = [
      placeWords(host, machine),
      ...(whyNot === null ? [] : [`starts nothing of it now: ${whyNotStarted(whyNot)}`]),
      ...(offsetMs === null || Math.abs(offsetMs) < 100
        ? []
        : [`clock ${formatDuration(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`]),
    ]
    const seen = rows.map((row) => `          ${rowWords(row)}`)
    return [`${plainLine(machine.host).padEnd(9)} ${plainLine(facts.join('; '))}`, ...seen]
  })
}

/** Its place in the order of the machines, or why it has none. */
function placeWords(here: Host, machine: SlotReport['machines'][number]): string {
  const { hasTask, isHere, rank, candidates, definition, due } = machine
  if (!hasTask) return 'does not have the task'
  if (!isHere) return 'may not run it'
  if (definition === null) return 'starts it without asking the fleet: there it has no scope: fleet'
  if (due?.isDue === false) return `has no slot then; ${nearWords(here, due)}`
  return rank === null
    ? 'starts nothing more'
    : `is number ${rank + 1} of ${candidates} for this slot`
}

function leftLines({ rows }: SlotReport): string[] {
  return rows.map((row) => `${plainLine(row.host).padEnd(9)} is down; ${rowWords(row)}`)
}

function rowWords(row: SlotReport['rows'][number]): string {
  const took = row.durationMs === null ? '' : ` after ${roughly(row.durationMs)}`
  return plainLine(`${outcomeWords(row)}${took}${row.run === null ? '' : `, run ${row.run}`}`)
}
