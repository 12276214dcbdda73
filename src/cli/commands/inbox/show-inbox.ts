import { exitStatus } from '../../../errors.ts'
import { openInbox, takesNoMessages, tasksWithMessages } from '../../../record/inbox/inbox.ts'
import type { Inbox } from '../../../record/inbox/inbox.ts'
import {
  countMessages,
  type InboxCounts,
  type KeptMessage,
  keptMessages,
  type Place,
} from '../../../record/inbox/kept.ts'
import { selectNames } from '../../../tasks/select.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import { byteLength, sizeText } from '../../../text/size.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { tasksNow } from '../../daemon/tasks-file.ts'
import { type Cell, cutMark, cutText, table } from '../../terminal/table.ts'
import { roughly } from '../../terminal/times.ts'
import { changeInbox } from './change-inbox.ts'

/** Runs `torch inbox`. */
export async function showInbox(call: Call, values: Values): Promise<number> {
  const { host, terminal, paths, args } = call
  const inbox = openInbox(host, paths.inbox, () => {})
  const names = await namesOf(call, values, inbox)
  const tasks = args.length === 0 ? names.queues : selectedQueues(args, names)
  if (values.again !== undefined || values.drop !== undefined)
    return changeInbox(call, values, tasks)
  if (values.dead === true && args.length === 0)
    throw usageError('--dead needs a task', 'torch inbox TASK --dead')
  const [only] = tasks
  const isOne = args.length > 0 && tasks.length === 1 && only !== undefined
  const reports = tasks.map((task) => ({ task, ...countMessages(inbox, task) }))
  const messages = isOne ? keptMessages(inbox, only, placesOf(values)) : []
  if (values.json) {
    const shown = reports.map((each) =>
      isOne ? { ...each, messages: messages.map(messageJson) } : each,
    )
    await terminal.say(JSON.stringify(shown, null, 2))
  } else if (reports.length === 0) terminal.note('no task has a queue')
  else if (isOne)
    for (const report of reports) {
      await terminal.say(oneTask(call, report, messages))
      const hint = deadHint(report, values)
      if (hint !== undefined) terminal.note(hint)
    }
  else await terminal.say(tasksTable(call, reports))
  return exitStatus.done
}

/** `--dead` shows what no run gets any more. */
function placesOf({ dead }: Values): Place[] {
  return dead === true ? ['dead', 'bad'] : ['new', 'taken']
}

interface Names {
  /** The tasks with a queue, and those that still have messages from before. */
  readonly queues: readonly string[]
  /** All tasks of the file. */
  readonly all: readonly string[]
}

async function namesOf(call: Call, values: Values, inbox: Inbox): Promise<Names> {
  const all = await tasksNow(call, values)
  const queues = all.filter(({ input }) => input?.mode === 'queue').map(({ name }) => name)
  return {
    queues: [...new Set([...queues, ...tasksWithMessages(inbox)])].toSorted(),
    all: all.map(({ name }) => name),
  }
}

function selectedQueues(words: readonly string[], { queues, all }: Names): string[] {
  const other = words.find((word) => all.includes(word) && !queues.includes(word))
  if (other !== undefined) throw takesNoMessages(other)
  return selectNames(words, queues, 'torch inbox')
}

/** Dead messages are easily missed: without --dead they are only counted. */
function deadHint({ task, dead, bad }: Report, { dead: isShown }: Values): string | undefined {
  if (isShown === true || dead + bad === 0) return undefined
  const which = bad === 0 ? 'the dead ones' : 'the dead and damaged ones'
  return `hint: torch inbox ${shellQuoted(task)} --dead shows ${which}`
}

type Report = InboxCounts & { readonly task: string }

function tasksTable({ host, terminal }: Call, reports: readonly Report[]): string {
  const rows = reports.map((report): Cell[] => [
    report.task,
    String(report.waiting),
    report.oldest === null ? '' : ageOf(host.clock.now(), Date.parse(report.oldest)),
    String(report.inWork),
    report.dead === 0 ? '0' : [String(report.dead), 'red'],
    ...(reports.some(({ bad }) => bad > 0) ? [String(report.bad)] : []),
  ])
  const heads = [{ text: 'TASK', cut: 'middle' }, 'WAITING', 'OLDEST', 'IN WORK', 'DEAD'] as const
  return table(terminal, reports.some(({ bad }) => bad > 0) ? [...heads, 'DAMAGED'] : heads, rows)
}

function oneTask(call: Call, report: Report, messages: readonly KeptMessage[]): string {
  const { host, terminal } = call
  const first = summary(host.clock.now(), report)
  if (messages.length === 0) return first
  const rows = messages.map(({ id, run, place, tries, message }): Cell[] => [
    id,
    message === undefined ? '' : senderWords(message.from),
    message === undefined ? '' : ageOf(host.clock.now(), Date.parse(message.at)),
    String(tries),
    place === 'taken' ? `in run ${run ?? ''}` : stateWords[place],
    cutText(shownText(message?.text ?? ''), maxShownText, 'end', cutMark(terminal.isUnicode)),
  ])
  const heads = ['ID', 'FROM', 'AGE', 'TRIES', 'STATE', { text: 'TEXT', cut: 'end' }] as const
  return `${first}\n${table(terminal, heads, rows)}`
}

const maxShownText = 60

/** A tab is harmless, and must not look like damage. */
function shownText(text: string): string {
  return plainLine(text.replaceAll('\t', ' '))
}

/** `2 messages wait for resize (31 B), the oldest for 3m; 1 in work, 1 dead`. */
function summary(now: number, { task, waiting, bytes, oldest, inWork, dead, bad }: Report): string {
  const wait = `${counted(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} for ${task}`
  const since = oldest === null ? '' : `, the oldest for ${ageOf(now, Date.parse(oldest))}`
  const size = waiting === 0 ? '' : ` (${sizeText(bytes)})`
  return `${wait}${size}${since}; ${inWork} in work, ${dead} dead${bad === 0 ? '' : `, ${bad} damaged`}`
}

/** The clock may have been set back. */
function ageOf(now: number, ms: number): string {
  return roughly(Math.max(now - ms, 0))
}

function senderWords({ host, task }: { host: string; task: string | null }): string {
  return plainLine(task === null ? host : `${task}@${host}`)
}

function messageJson({ id, place, run, tries, message }: KeptMessage): object {
  return {
    id,
    state: stateWords[place],
    run,
    tries,
    at: message?.at ?? null,
    from: message?.from ?? null,
    bytes: message === undefined ? null : byteLength(message.text),
    text: message?.text ?? null,
  }
}

const stateWords = { new: 'waiting', taken: 'in work', dead: 'dead', bad: 'damaged' } as const
