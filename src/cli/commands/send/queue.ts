import { isUtf8 } from 'node:buffer'
import { TorchError } from '../../../errors.ts'
import { openHome } from '../../../daemon/startup/open-home.ts'
import type { Sender } from '../../../plan/messages.ts'
import { demandQueue, openInbox, putMessages } from '../../../record/inbox/inbox.ts'
import { selectNames } from '../../../tasks/select.ts'
import type { Task } from '../../../tasks/task.ts'
import { counted } from '../../../text/plural.ts'
import { factsHere } from '../../args/host-facts.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { lineAndRest } from '../../terminal/input-lines.ts'
import { offlineTasksPath, readTasks } from '../../daemon/tasks-file.ts'
import { type Delivery, eachBatch } from './delivery.ts'

/** Lines of one sender, as they arrive. */
type Batches = AsyncIterable<readonly Buffer[]>

/** Adds messages for a task, all or none, and returns their ids. */
type Put = (task: string, texts: readonly string[]) => Promise<readonly string[]>

/** Sends each line as a message to each of these tasks, by the daemon. */
export function sendToQueues(
  call: Call,
  tasks: readonly string[],
  batches: Batches,
): Promise<Delivery> {
  const from = senderHere(call)
  return sendAll(call, tasks, batches, async (task, texts) => {
    return (await ask(call, 'message', { task, texts, from }, 'required')).messages
  })
}

/**
 * The tasks that a word means in the tasks file, while no daemon runs; undefined if the file cannot be
 * used. Throws for a word that means none.
 */
export async function tasksWithoutDaemon(
  call: Call,
  values: Values,
  word: string,
): Promise<readonly Task[] | undefined> {
  let tasks: readonly Task[]
  try {
    tasks = (await readTasks(call, offlineTasksPath(call, values))).file.tasks
  } catch {
    return undefined
  }
  const names = new Set(
    selectNames(
      [word],
      tasks.map(({ name }) => name),
    ),
  )
  return tasks.filter(({ name }) => names.has(name))
}

/** Sends each line as a message to each of these tasks: into the files that the next daemon finds. */
export async function queueWithoutDaemon(
  call: Call,
  values: Values,
  tasks: readonly Task[],
  batches: Batches,
): Promise<Delivery> {
  const { host, paths } = call
  const facts = factsHere(call, values)
  for (const task of tasks) demandQueue(task, facts)
  openHome(host, paths.home)
  const inbox = openInbox(host, paths.inbox, () => {})
  const from = senderHere(call)
  const names = tasks.map(({ name }) => name)
  return sendAll(call, names, batches, (task, texts) => putMessages(inbox, task, texts, from))
}

/** What a run knows of itself; a person has only a machine. */
function senderHere({ host }: Call): Sender {
  const { TORCH_HOST, TORCH_TASK, TORCH_RUN_ID } = process.env
  return {
    host: TORCH_HOST || host.network.name(),
    task: TORCH_TASK || null,
    run: TORCH_RUN_ID || null,
  }
}

async function sendAll(
  { args }: Call,
  tasks: readonly string[],
  batches: Batches,
  put: Put,
): Promise<Delivery> {
  const unit = args.length > 1 ? 'word' : 'line'
  const sent = new Map<string, string[]>(tasks.map((task) => [task, []]))
  const failed = new Map<string, unknown>()
  let before = 0
  const badLine = await eachBatch(batches, async (lines) => {
    const bad = lines.findIndex((line) => !isUtf8(line))
    const good = bad === -1 ? lines : lines.slice(0, bad)
    for (const texts of parts(good.map((line) => line.toString()))) {
      for (const task of tasks.filter((each) => !failed.has(each))) {
        try {
          await putAsManyAsFit(texts, async (part) => {
            sent.get(task)?.push(...(await put(task, part)))
          })
        } catch (error) {
          failed.set(task, notAll(error, unit, sent.get(task)?.length ?? 0))
        }
      }
    }
    if (bad !== -1) throw notText(before + bad + 1)
    before += lines.length
    return failed.size < tasks.length
  })
  return {
    sent: [...sent].map(([task, message]) => {
      return { task, run: null, lines: message.length, message }
    }),
    words: [...sent].flatMap(([task, { length }]) => {
      if (length === 0 && (failed.has(task) || badLine.length > 0)) return []
      return [`${counted(length, 'message')} ${length === 1 ? 'waits' : 'wait'} for ${task}`]
    }),
    errors: [...failed.values(), ...badLine],
  }
}

/** If there is no room for all of them, puts those that find room, then throws `inbox-full`. */
async function putAsManyAsFit(
  texts: readonly string[],
  put: (texts: readonly string[]) => Promise<void>,
): Promise<void> {
  try {
    await put(texts)
  } catch (error) {
    const isFull = error instanceof TorchError && error.code === 'inbox-full'
    if (!isFull || texts.length === 1) throw error
    const half = texts.length >> 1
    await putAsManyAsFit(texts.slice(0, half), put)
    await putAsManyAsFit(texts.slice(half), put)
  }
}

/** Says where to continue: each line, or each word, is one message. */
function notAll(error: unknown, unit: 'line' | 'word', sent: number): unknown {
  if (!(error instanceof TorchError) || sent === 0) return error
  const { code, message, exit, hint, details } = error
  return new TorchError(code, `${message}; ${unit} ${sent + 1} and all after it are not sent`, {
    ...{ exit, details, cause: error },
    ...(hint !== undefined && { hint }),
  })
}

/** A message is text, also in the JSON that its run reads. */
function notText(line: number): TorchError {
  return usageError(
    `line ${line} of standard input is not UTF-8, and a message must be; ${lineAndRest} not sent`,
    'write other data into a file, and send its path',
  )
}

/** The most messages and bytes of one request: the daemon must not be busy for long with one sender. */
const maxPart = 100
const maxPartBytes = 128 * 1024

function* parts(texts: readonly string[]): Generator<readonly string[]> {
  let part: string[] = []
  let bytes = 0
  for (const text of texts) {
    const more = JSON.stringify(text).length
    if (part.length > 0 && (part.length === maxPart || bytes + more > maxPartBytes)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(text)
    bytes += more
  }
  if (part.length > 0) yield part
}
