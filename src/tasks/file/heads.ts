import { firstHeadChars, headGrowth, maxProblems, maxYamlProblems } from './limits.ts'
import { counted } from '../../text/plural.ts'
import { lineAfter } from './lines.ts'
import type { Problem } from './problem.ts'
import { isMap } from './raw.ts'
import { readShape } from './validate.ts'
import { readSource, type Source, type TasksSource } from './source.ts'

/**
 * What is wrong with a large text that is so bad from early on that the rest of it would only take
 * time; undefined where it has to be read as a whole. Reads its first lines, then four times as
 * many, and so on, because the package for YAML tells nothing before it has read to the end. All
 * heads together are at most a third of the text: of one that is not large none is read.
 */
export function readBadHead({ path, text }: TasksSource): readonly Problem[] | undefined {
  for (let chars = firstHeadChars; chars * headGrowth <= text.length; chars *= headGrowth) {
    const end = text.lastIndexOf('\n', chars - 1) + 1
    if (end === 0) continue
    const head = readSource({ path, text: text.slice(0, end) })
    readShape(head)
    const problems = lastingProblems(head, lineAfter(text, end))
    if (isEnough(head, problems)) return toldOf(problems, lineAfter(text, end) - 1)
  }
  return undefined
}

/** A value that the end of a head cuts in two began at most so many lines before it. */
const maxCutLines = 100

/** Without those that may only be there because the text was cut: near its end, and of its last task. */
function lastingProblems(head: Source, endLine: number): readonly Problem[] {
  const task = head.keys(['tasks']).at(-1)
  // What a task lacks is told at its name.
  const cut = task === undefined ? undefined : head.line(['tasks', task])
  return head.problems.filter(({ line }) => (line ?? 0) < endLine - maxCutLines && line !== cut)
}

function isEnough({ value }: Source, problems: readonly Problem[]): boolean {
  if (value === undefined) return problems.length >= maxYamlProblems
  // A list or a text stays one, whatever follows it; that is told at its first line.
  if (value !== null && !isMap(value)) return problems.length > 0
  return problems.length > maxProblems
}

function toldOf(problems: readonly Problem[], lines: number): readonly Problem[] {
  const [next] = problems.slice(maxProblems)
  if (next === undefined) return problems
  const message = `${counted(problems.length - maxProblems, 'more problem')} in the first ${lines} lines; the rest was not read`
  return [...problems.slice(0, maxProblems), { ...next, path: '', message, hint: null }]
}
