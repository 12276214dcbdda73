import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import type { WrittenDefinition } from '../control/status-report.ts'
import { findRepository, gitIn } from '../host/git.ts'
import type { Host } from '../host/host.ts'
import type { TaskDefinition } from './view.ts'

/** The page waits for git no longer than this. */
const gitMs = 3_000
/** At most this many lines of a task are looked up. */
const maxLines = 40

/** What the daemon says of a task, and who changed its lines last; undefined if no daemon says it. */
export async function definitionHere(
  { host, paths }: { readonly host: Host; readonly paths: { readonly socket: string } },
  task: string,
): Promise<TaskDefinition | undefined> {
  const report = await askDaemon(paths.socket, 'status', { task }).catch(() => undefined)
  const written = report?.tasks[0]?.written ?? undefined
  if (written === undefined) return undefined
  const revision = report?.file.revision ?? null
  // With edits that are not committed, the lines of the commit are others.
  const isCommitted = revision !== null && !revision.endsWith('-dirty')
  const changed = isCommitted ? await lastChange(host, written).catch(() => null) : null
  return { ...written, changed }
}

/** The newest commit among the lines of the task; null outside a repository, and for lines without a commit. */
async function lastChange(
  host: Host,
  { file, line }: WrittenDefinition,
): Promise<TaskDefinition['changed']> {
  const real = host.files.realPath(file)
  const repository = real === undefined ? undefined : findRepository(host, real)
  if (real === undefined || repository?.kind !== 'trusted') return null
  const git = gitIn(host, repository, { timeoutMs: gitMs })
  const end = line + linesOfTask(host.files.readText(real) ?? '', line) - 1
  const name = path.relative(repository.top, real)
  // Of a commit, and without conversion: otherwise git would run filters that the repository names.
  const form = ['--porcelain', '--no-textconv', `-L${line},${end}`]
  const { ok, stdout } = await git(['blame', ...form, 'HEAD', '--', name])
  return ok ? newestIn(stdout) : null
}

/** How many lines of the file belong to the task: up to the next line that is not indented more. */
function linesOfTask(text: string, line: number): number {
  const lines = text.split('\n').slice(line - 1, line - 1 + maxLines)
  const indentOf = (each: string): number => each.search(/\S/)
  const own = indentOf(lines[0] ?? '')
  const next = lines.findIndex((each, at) => at > 0 && each.trim() !== '' && indentOf(each) <= own)
  return next === -1 ? lines.length : next
}

/** https://git-scm.com/docs/git-blame#_the_porcelain_format */
function newestIn(porcelain: string): TaskDefinition['changed'] {
  let newest:
    { readonly ms: number; readonly found: NonNullable<TaskDefinition['changed']> } | undefined
  for (const block of porcelain.split(/^(?=[0-9a-f]{40,64} \d)/m)) {
    const [, revision = ''] = /^([0-9a-f]{40,64}) /.exec(block) ?? []
    const field = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(block)?.[1] ?? ''
    const ms = Number(field('author-time')) * 1000
    if (field('author-time') === '' || /^0+$/.test(revision)) continue
    if (newest !== undefined && newest.ms >= ms) continue
    const at = new Date(ms).toISOString()
    newest = {
      ms,
      found: {
        revision: revision.slice(0, 12),
        author: field('author'),
        at,
        subject: field('summary'),
      },
    }
  }
  return newest?.found ?? null
}
