import os from 'node:os'
import { diskFiles } from './files.ts'
import { realProcesses } from './processes.ts'

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

export interface Accounts {
  /** The account of this process. */
  self(): Account
  /** A user by name or number; undefined if there is none. */
  user(nameOrId: string): Account | undefined
  /** The id of a group by name or number; undefined if there is none. */
  group(nameOrId: string): number | undefined
}

/** Users and groups from passwd(5) and group(5). If they are not there, a directory service may have them: getent(1). */
export const realAccounts: Accounts = {
  self() {
    const { username, uid, gid, homedir } = me()
    return { name: username, uid, gid, home: process.env['HOME'] ?? homedir }
  },
  user(nameOrId) {
    const [name, , uid, gid, , home] = entry('passwd', nameOrId)
    if (name === undefined || uid === undefined || gid === undefined) return undefined
    return { name, uid: Number(uid), gid: Number(gid), home: home ?? '/' }
  },
  group(nameOrId) {
    const gid = entry('group', nameOrId)[2]
    return gid === undefined ? undefined : Number(gid)
  },
}

/** A container may run under a number that is not in passwd(5). Then the number is the name. */
function me(): Pick<os.UserInfo<string>, 'username' | 'uid' | 'gid' | 'homedir'> {
  try {
    return os.userInfo()
  } catch {
    const { uid, gid } = realProcesses
    return { username: String(uid), uid, gid, homedir: '/' }
  }
}

function entry(database: 'passwd' | 'group', nameOrId: string): string[] {
  const local = (diskFiles.readText(`/etc/${database}`) ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === nameOrId || fields[2] === nameOrId)
  if (local !== undefined) return local
  const found = realProcesses.runProgramSync('getent', [database, nameOrId], [])
  return found.status === 0 ? found.stdout.trim().split(':') : []
}
