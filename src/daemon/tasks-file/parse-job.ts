import { createHash } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { type Accounts, realAccounts } from '../../host/accounts.ts'
import { wallClock } from '../../host/clock.ts'
import { diskFiles } from '../../host/files.ts'
import { realProcesses } from '../../host/processes.ts'
import { type EnvFileMachine, readEnvFileBytes } from '../../run/env-file-bytes.ts'
import { readHeadersFile } from '../../scripts/headers-file.ts'
import { readTasks } from '../../tasks/file/read.ts'
import type { TasksFacts } from '../../tasks/file/settings.ts'
import type { TasksText } from '../../tasks/file/source.ts'
import { readCalendarFile } from './calendar-files.ts'
import type { CalendarText, JobResult, ParseJob, RawText } from './parse.ts'

/** Reads and checks the texts here and now, in a thread or not. */
export function parseJob(
  { texts, facts, fileOnly, allowPartial = false, calendars: kept }: ParseJob,
  machine: EnvFileMachine = thisMachine,
): JobResult {
  const calendars: CalendarText[] = []
  const read = readTasks(
    texts.map(decoded),
    {
      ...facts,
      readEnvFile: (file, user) =>
        fileOnly ? { ok: true, text: '' } : readEnvFile(machine, file, user),
      readCalendar: (file) => {
        const found = kept?.find(({ path }) => path === file)
        const { path, ...result } =
          kept === undefined ? readCalendarFile(machine, file) : keptCalendar(file, found)
        calendars.push({ path, text: result.ok ? result.text : null })
        return result
      },
      isAccount: fileOnly ? () => true : accountLookup(machine.accounts),
      whyNoHeaders: (file) => (fileOnly ? undefined : whyNoHeaders(machine, file)),
      digest,
      sha256,
    },
    { allowPartial },
  )
  return { ...read, calendars }
}

function keptCalendar(path: string, found: CalendarText | undefined) {
  const text = found?.text ?? null
  return text === null
    ? ({ path, ok: false, message: 'is not there' } as const)
    : ({ path, ok: true, text } as const)
}

const thisMachine = {
  files: diskFiles,
  accounts: realAccounts,
  processes: realProcesses,
  clock: wallClock,
}

/** Looks up each account once: many tasks of a file have the same. */
function accountLookup(accounts: Accounts): TasksFacts['isAccount'] {
  const found = new Map<string, boolean>()
  return (kind, nameOrId) => {
    const key = `${kind} ${nameOrId}`
    const exists = found.get(key) ?? accounts[kind](nameOrId) !== undefined
    found.set(key, exists)
    return exists
  }
}

function decoded({ path, text }: RawText): TasksText {
  if (typeof text === 'string') return { path, text }
  const { buffer, byteOffset, length } = text
  return { path, text: Buffer.from(buffer, byteOffset, length).toString('utf8') }
}

function readEnvFile(
  machine: EnvFileMachine,
  file: string,
  user: string | undefined,
): ReturnType<TasksFacts['readEnvFile']> {
  const account = user === undefined ? undefined : machine.accounts.user(user)
  const isForOther = account !== undefined && account.uid !== machine.processes.uid
  try {
    // An unknown user is reported by itself, and nobody knows what that user may read.
    if (user !== undefined && account === undefined && machine.files.facts(file) !== undefined)
      return { ok: true, text: '' }
    const bytes = readEnvFileBytes(machine, file, account)
    if (bytes === undefined) return { ok: false, message: 'is not there', isForOther }
    return { ok: true, text: bytes.toString('utf8'), isForOther }
  } catch (error) {
    return { ok: false, message: messageOf(error), isForOther }
  }
}

function whyNoHeaders(machine: EnvFileMachine, file: string): string | undefined {
  try {
    readHeadersFile(machine, file)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** 64 bits are enough: only the old and the new definition of one task are compared. */
function digest(text: string): string {
  return sha256(text).slice(0, 16)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
