import { createHash } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { type Accounts, realAccounts } from '../../host/accounts.ts'
import { diskFiles, type Files } from '../../host/files.ts'
import type { Host } from '../../host/host.ts'
import { maxEnvFileBytes } from '../../tasks/file/env-file.ts'
import { readTasks, type ReadTasks } from '../../tasks/file/read.ts'
import type { TasksFacts } from '../../tasks/file/settings.ts'
import type { TasksText } from '../../tasks/file/source.ts'
import type { ParseJob, RawText } from './parse.ts'

/** Reads and checks the texts here and now, in a thread or not. */
export function parseJob(
  { texts, facts, fileOnly, allowPartial = false }: ParseJob,
  { files, accounts }: Pick<Host, 'files' | 'accounts'> = thisMachine,
): ReadTasks {
  return readTasks(
    texts.map(decoded),
    {
      ...facts,
      readEnvFile: (file) => (fileOnly ? { ok: true, text: '' } : readEnvFile(files, file)),
      isAccount: fileOnly ? () => true : accountLookup(accounts),
      digest,
    },
    { allowPartial },
  )
}

const thisMachine = { files: diskFiles, accounts: realAccounts }

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

function readEnvFile(files: Files, file: string): ReturnType<TasksFacts['readEnvFile']> {
  try {
    const bytes = files.readFile(file, maxEnvFileBytes)
    if (bytes === undefined) return { ok: false, message: 'is not there' }
    return { ok: true, text: bytes.toString('utf8') }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

/** 64 bits are enough: only the old and the new definition of one task are compared. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
