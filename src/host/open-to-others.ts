import path from 'node:path'
import type { FileFacts, Files } from './files.ts'
import type { Host } from './host.ts'

/** The place that lets other users decide what a file contains. */
export interface OpenPlace {
  /** The file itself, or a folder on the way to it. */
  readonly path: string
  readonly part: 'itself' | 'folder'
  /** They may write it, or it is theirs. */
  readonly why: 'writable' | 'owner'
  readonly uid: number
}

/**
 * Where others than root and the user of this process can change a file or folder, or put another one in
 * its place; undefined if they cannot. `owner` may too: a user, by default the owner of the file. Whoever can
 * write a folder can rename a file over any other in it, so all folders on the way count, also those of
 * links. Throws if one of them cannot be examined.
 */
export function openToOthers(
  { files, processes: { uid, gid } }: Pick<Host, 'files' | 'processes'>,
  file: string,
  { owner }: { readonly owner?: number } = {},
): OpenPlace | undefined {
  const target = files.facts(file)
  if (target === undefined) return undefined
  const own = new Set([0, uid])
  const trusted = new Set([...own, owner ?? target.uid])
  const judge = { files, own, trusted, groups: new Set([0, gid]) }
  const way = wayTo(files, file)
  for (const step of way) {
    const place = openStep(judge, step)
    if (place !== undefined) return place
  }
  const real = way.at(-1)?.entry ?? '/'
  const why = howOpen(judge, real, target)
  return why && { path: real, part: 'itself', why, uid: target.uid }
}

/** Who may write, and how to find out. */
interface Judge {
  readonly files: Files
  /** Root and the user of this process. */
  readonly own: ReadonlySet<number>
  readonly trusted: ReadonlySet<number>
  /** Groups that are trusted like their user: many systems give each user a group. */
  readonly groups: ReadonlySet<number>
}

/** One look-up on the way to a file. */
interface Step {
  readonly folder: string
  readonly entry: string
}

/** path_resolution(7): the kernel follows at most this many links. */
const maxLinks = 40

/** All look-ups that lead to a file, as the kernel does them. The last entry is the file itself, without links. */
function wayTo(files: Files, file: string): Step[] {
  const steps: Step[] = []
  const parts = file.split('/')
  let folder = '/'
  let links = 0
  while (parts.length > 0) {
    const part = parts.shift() ?? ''
    if (part === '' || part === '.') continue
    const entry = path.join(folder, part)
    steps.push({ folder, entry })
    const target = part === '..' ? undefined : files.readLink(entry)
    if (target === undefined) folder = entry
    else {
      if (++links > maxLinks) throw new Error('too many levels of symbolic links')
      parts.unshift(...target.split('/'))
      if (path.isAbsolute(target)) folder = '/'
    }
  }
  return steps
}

function openStep(judge: Judge, { folder, entry }: Step): OpenPlace | undefined {
  const facts = judge.files.facts(folder)
  const why = facts && howOpen(judge, folder, facts)
  if (facts === undefined || why === undefined) return undefined
  // In a sticky folder, such as /tmp, only the owner of an entry can replace it. But anybody can make it
  // while it is missing, so it is not enough that a file there belongs to whoever owns the file.
  const isSticky = (facts.mode & 0o1000) !== 0 && judge.trusted.has(facts.uid)
  if (!isSticky) return { path: folder, part: 'folder', why, uid: facts.uid }
  const found = judge.files.entryFacts(entry)
  if (found === undefined) return undefined
  const owners = found.kind === 'directory' ? judge.trusted : judge.own
  return owners.has(found.uid)
    ? undefined
    : { path: entry, part: 'itself', why: 'owner', uid: found.uid }
}

function howOpen(judge: Judge, file: string, facts: FileFacts): OpenPlace['why'] | undefined {
  if (!judge.trusted.has(facts.uid)) return 'owner'
  return isWritable(judge, file, facts) ? 'writable' : undefined
}

function isWritable(judge: Judge, file: string, { mode, gid }: FileFacts): boolean {
  if ((mode & 0o002) !== 0) return true
  if ((mode & 0o020) === 0) return false
  // With an access list these bits are its mask, and say nothing about the group.
  return !judge.groups.has(gid) || othersInList(judge, judge.files.accessList(file))
}

/** Whether a list gives write access to another user or group. What cannot be read counts as yes. */
function othersInList({ trusted, groups }: Judge, list: ReturnType<Files['accessList']>): boolean {
  if (list === 'none') return false
  if (list === 'unknown') return true
  for (let at = headBytes; at + entryBytes <= list.length; at += entryBytes) {
    const tag = list.readUInt16LE(at)
    const id = list.readUInt32LE(at + 4)
    if ((list.readUInt16LE(at + 2) & mayWrite) === 0) continue
    if ((tag === namedUser && !trusted.has(id)) || (tag === namedGroup && !groups.has(id)))
      return true
  }
  return false
}

/** From <linux/posix_acl_xattr.h>. */
const headBytes = 4
const entryBytes = 8
const mayWrite = 2
const namedUser = 2
const namedGroup = 8
