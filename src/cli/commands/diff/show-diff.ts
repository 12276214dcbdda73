import path from 'node:path'
import { exitStatus, TorchError } from '../../../errors.ts'
import type { Located } from '../../../host/git-commits.ts'
import { GitFailure } from '../../../host/git.ts'
import type { KeyChange } from '../../../tasks/compare/changes.ts'
import type { Written } from '../../../tasks/compare/written.ts'
import type { Call } from '../../command.ts'
import { type FilePath, usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { problemJson, showProblems } from '../../terminal/problems.ts'
import { findTasksPath } from '../../daemon/tasks-file.ts'
import { compare, type Comparison, type Side } from '../../../forecast/diff/comparison.ts'
import { diffMarkdown } from './diff-markdown.ts'
import { diffText } from '../../../forecast/diff/diff-text.ts'
import { endsOf, repositoryOf, sideOf } from './revisions.ts'

/** Longer lines are hard to read, however wide the terminal. */
const maxColumns = 100

/** The exit status of --exit-code if there is a change, as in diff(1). */
const changedStatus = 1

/** Runs `torch diff`: compares two revisions and shows the result as text, Markdown or JSON. */
export async function showDiff(call: Call, values: Values): Promise<number> {
  if (values.markdown && call.from.json === 'flag')
    throw usageError('--json and --markdown cannot be combined', 'torch diff --markdown')
  const file = await findTasksPath(call, values)
  const located = await repositoryOf(call.host, file.absolute, file.shown)
  const isFolder = call.host.files.facts(file.absolute)?.kind === 'directory'
  const folder = isFolder ? file.absolute : path.dirname(file.absolute)
  const around = { file, folder, located }
  const comparison = await comparisonOf(call, values, around).catch(explainGitFailure)
  await show(call, values, comparison, folder)
  if (!values['exit-code']) return exitStatus.done
  if (!comparison.to.isValid) return exitStatus.usage
  return comparison.isChanged ? changedStatus : exitStatus.done
}

interface Compared {
  readonly file: FilePath
  /** Relative paths in the file start from here. */
  readonly folder: string
  readonly located: Located
}

async function comparisonOf(
  { host, args }: Call,
  values: Values,
  { file, folder, located }: Compared,
): Promise<Comparison> {
  const { from, to, name } = await endsOf(host, located, args)
  const [old, now] = await Promise.all([
    sideOf(host, located, file, from),
    sideOf(host, located, file, to),
  ])
  if (!old.isThere && !now.isThere)
    throw new TorchError('no-tasks', `${file.shown} does not exist on either side: ${name}`, {
      exit: exitStatus.usage,
      hint: 'name the tasks file with --tasks',
    })
  const start = Math.floor((values.from ?? host.clock.now()) / 1000)
  return compare({ path: file.shown, folder, name }, { from: old, to: now }, start)
}

function explainGitFailure(error: unknown): never {
  if (!(error instanceof GitFailure)) throw error
  throw new TorchError('git-failed', error.message, {
    exit: exitStatus.usage,
    hint: 'try it by hand: git show HEAD:./tasks.yaml',
    cause: error,
  })
}

async function show(
  { host, terminal }: Call,
  values: Values,
  comparison: Comparison,
  folder: string,
): Promise<void> {
  const around = { folder, zone: host.clock.zone() }
  if (values.json && !values.markdown)
    return terminal.say(JSON.stringify(diffJson(comparison), null, 2))
  const problems = [...comparison.from.problems, ...comparison.to.problems]
  if (problems.length > 0) terminal.note(showProblems(terminal, problems))
  if (values.markdown) return terminal.say(diffMarkdown(comparison, around))
  const columns = Math.min(terminal.columns, maxColumns)
  await terminal.say(diffText(comparison, { ...around, paint: terminal.paint, columns }))
}

/** A comparison for programs. */
function diffJson({ from, to, change, messages, hosts, restarts, withoutGap }: Comparison) {
  return {
    from: endJson(from),
    to: endJson(to),
    added: change.added.map(({ name }) => name),
    removed: change.removed.map(({ name }) => name),
    renamed: change.renamed.map(({ before, after }) => ({ from: before.name, to: after.name })),
    changed: change.changed.map(({ after, keys }) => ({
      task: after.name,
      keys: keysJson(keys),
    })),
    messages: keysJson(messages),
    restarts,
    withoutGap,
    groups: Object.fromEntries(
      change.groups.map(({ group, added, removed }) => [group, { added, removed }]),
    ),
    hosts: Object.fromEntries(
      hosts.map(({ host, gains, loses, more, fewer, starts }) => {
        const starts24h = starts?.map(({ count }) => count) ?? null
        const busiest = starts?.map((each) => each.busiest?.starts ?? 0) ?? null
        return [host, { gains, loses, more, fewer, starts24h, busiest }]
      }),
    ),
    unreadable: change.unreadable,
    problems: [...from.problems, ...to.problems].map(problemJson),
  }
}

function keysJson(keys: readonly KeyChange[]): Record<string, [Written, Written]> {
  return Object.fromEntries(
    keys.map((key): [string, [Written, Written]] => [key.key, [key.old, key.new]]),
  )
}

/** The working copy has no revision and no commit: both are null. */
function endJson({ end, isThere, isValid }: Side) {
  const { revision, commit } = end.kind === 'commit' ? end : { revision: null, commit: null }
  return { revision, commit, exists: isThere, valid: isValid }
}
