import path from 'node:path'
import { exitStatus, TorchError } from '../../../errors.ts'
import type { Located } from '../../../host/git-commits.ts'
import { GitFailure } from '../../../host/git.ts'
import type { Call } from '../../command.ts'
import type { FilePath } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { showProblems } from '../../terminal/problems.ts'
import { tasksPathOrAsk } from '../../args/tasks-path.ts'
import { compare, type Comparison } from './comparison.ts'
import { diffJson } from './diff-json.ts'
import { diffMarkdown } from './markdown.ts'
import { endsOf, repositoryOf } from './revisions.ts'
import { sideOf } from './sides.ts'
import { diffText } from './text.ts'

/** Longer lines are not read well. */
const mostColumns = 100

/** Compares what the words of the call name, and shows it in the form that was asked for. */
export async function showDiff(call: Call, values: Values): Promise<Comparison> {
  const file = await tasksPathOrAsk(call, values)
  const located = await repositoryOf(call.host, file.absolute, file.shown)
  const isFolder = call.host.files.facts(file.absolute)?.kind === 'directory'
  const folder = isFolder ? file.absolute : path.dirname(file.absolute)
  const around = { file, folder, located }
  const comparison = await comparisonOf(call, values, around).catch(unanswered)
  await show(call, values, comparison, folder)
  return comparison
}

interface Compared {
  readonly file: FilePath
  /** What relative paths in it begin with. */
  readonly folder: string
  readonly located: Located
}

async function comparisonOf(
  { host, words }: Call,
  values: Values,
  { file, folder, located }: Compared,
): Promise<Comparison> {
  const { from, to, name } = await endsOf(host, located, words)
  const [old, now] = await Promise.all([
    sideOf(host, located, file, from),
    sideOf(host, located, file, to),
  ])
  if (!old.isThere && !now.isThere)
    throw new TorchError('no-tasks', `${file.shown} is in neither of both: ${name}`, {
      exit: exitStatus.usage,
      hint: 'name the tasks file with --tasks',
    })
  const start = Math.floor((values.from ?? host.clock.now()) / 1000)
  return compare({ path: file.shown, folder, name }, { from: old, to: now }, start)
}

function unanswered(error: unknown): never {
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
  const columns = Math.min(terminal.columns, mostColumns)
  await terminal.say(diffText(comparison, { ...around, paint: terminal.paint, columns }))
}
