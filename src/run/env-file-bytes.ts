import type { Account } from '../host/accounts.ts'
import type { Host } from '../host/host.ts'
import { openToOthers } from '../host/open-to-others.ts'
import { readFileAs } from '../host/read-as-user.ts'
import { maxEnvFileBytes } from '../tasks/file/env-file.ts'

/** What reading an env_file needs of a machine. */
export type EnvFileMachine = Pick<Host, 'files' | 'accounts' | 'processes' | 'clock'>

/**
 * The content of an env_file for a task of `account`, by default the daemon's own; undefined if it is not
 * there. Another user's is read with the rights of that user. A root daemon does not take variables for root,
 * such as PATH, that others may write. Throws with a message for a person.
 */
export function readEnvFileBytes(
  machine: EnvFileMachine,
  file: string,
  account: Account | undefined,
): Buffer | undefined {
  const { uid } = machine.processes
  if (account !== undefined && account.uid !== uid)
    return readFileAs(machine, account, file, maxEnvFileBytes)
  const open = uid === 0 ? openToOthers(machine, file) : undefined
  if (open !== undefined)
    throw new Error(
      `other users can change it by writing ${open.path}, and root would use what they write`,
    )
  return machine.files.readFile(file, maxEnvFileBytes)
}
