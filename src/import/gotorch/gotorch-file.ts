import { maxProblems } from '../../tasks/file/limits.ts'
import { placesOf } from '../../tasks/file/lines.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import { type JsonNode, parseJson } from './json.ts'

/** A task of gotorch as its file has it; what is not there is empty, as in Go. */
export interface GoTask {
  readonly line: number
  readonly text: string
  readonly Command: string
  readonly TaskType: string
  readonly Times: string
  readonly Max: number
  readonly Ips: readonly string[]
  /** Keys that gotorch does not know. */
  readonly others: readonly string[]
}

export type GoFile =
  | { readonly ok: true; readonly tasks: readonly GoTask[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Reads a tasks file of gotorch, as encoding/json of Go does: keys in any case of letters. */
export function readGoFile(path: string, text: string): GoFile {
  const placeOf = placesOf(text)
  const problems: Problem[] = []
  const tell = (offset: number, key: string, message: string): void => {
    if (problems.length === maxProblems) return
    const place = { file: path, ...placeOf(offset), path: key }
    problems.push({ severity: 'error', ...place, message, hint: null })
  }
  const parsed = parseJson(text)
  if (!parsed.ok) tell(parsed.offset, '', `not valid JSON: ${parsed.message}`)
  else if (parsed.root.kind !== 'list')
    tell(parsed.root.offset, '', `expected a list of tasks; got ${showNode(parsed.root)}`)

  const nodes = parsed.ok && parsed.root.kind === 'list' ? parsed.root.items : []
  const tasks = nodes.flatMap((node, index) => {
    const wrong = (at: JsonNode, key: string, expected: string): void =>
      tell(at.offset, `[${index}]${key}`, `expected ${expected}; got ${showNode(at)}`)
    if (node.kind !== 'object') {
      wrong(node, '', 'a task')
      return []
    }
    return [{ ...readTask(node, wrong), line: placeOf(node.offset).line }]
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, tasks }
}

type Wrong = (at: JsonNode, key: string, expected: string) => void

function readTask(node: Extract<JsonNode, { kind: 'object' }>, wrong: Wrong): Omit<GoTask, 'line'> {
  const task = { Command: '', TaskType: '', Times: '', Max: 0, Ips: [] as readonly string[] }
  const others: string[] = []
  for (const { name, value } of node.members) {
    const key = Object.keys(task).find((each) => each.toLowerCase() === name.toLowerCase())
    if (key === undefined) others.push(name)
    // null leaves a field of Go as it is.
    else if (value.kind !== 'scalar' || value.value !== null) readField(task, key, value, wrong)
  }
  return { ...task, others, text: JSON.stringify(task) }
}

function readField(
  task: { Command: string; TaskType: string; Times: string; Max: number; Ips: readonly string[] },
  key: string,
  node: JsonNode,
  wrong: Wrong,
): void {
  const scalar = node.kind === 'scalar' ? node.value : undefined
  switch (key) {
    case 'Max':
      if (Number.isSafeInteger(scalar)) task.Max = Number(scalar)
      else wrong(node, '.Max', 'a whole number')
      return
    case 'Ips':
      if (node.kind === 'list') task.Ips = readIps(node.items, wrong)
      else wrong(node, '.Ips', 'a list of addresses')
      return
    case 'Command':
    case 'TaskType':
    case 'Times':
      if (typeof scalar === 'string') task[key] = scalar
      else wrong(node, `.${key}`, 'text')
  }
}

function readIps(nodes: readonly JsonNode[], wrong: Wrong): string[] {
  return nodes.flatMap((node, at) => {
    if (node.kind === 'scalar' && typeof node.value === 'string') return [node.value]
    wrong(node, `.Ips[${at}]`, 'an address as text')
    return []
  })
}

function showNode(node: JsonNode): string {
  if (node.kind === 'scalar') return showValue(node.value)
  return node.kind === 'list' ? 'a list' : 'an object'
}
