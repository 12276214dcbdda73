import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { Alias, Node, Pair, YAMLMap } from 'yaml'
import type { KeyPath } from './key-path.ts'
import { maxAliasedValues } from './limits.ts'
import type { OffsetProblem } from './problem.ts'

/** The node that each alias of a document stands for. */
export type AliasTargets = ReadonlyMap<Alias, Node>

interface Walk {
  readonly named: Map<string, Node>
  readonly targets: Map<Alias, Node>
  /** How many values an anchored node contains, including those of its own aliases. */
  readonly weights: Map<Node, number>
  readonly problems: OffsetProblem[]
  readonly positionOf: (offset: number) => string
  aliased: number
}

/**
 * Walks a document once, from top to bottom. Finds the target of each alias, and what YAML allows
 * but a tasks file does not: duplicate keys, keys that are not text, anchors that contain
 * themselves, and alias bombs. `positionOf` formats an offset as `file:line:column`.
 */
export function readAnchors(
  root: Node | null,
  positionOf: (offset: number) => string,
): { targets: AliasTargets; problems: readonly OffsetProblem[]; isBomb: boolean } {
  const walk: Walk = {
    named: new Map(),
    targets: new Map(),
    weights: new Map(),
    problems: [],
    positionOf,
    aliased: 0,
  }
  weigh(walk, root, [])
  const { targets, problems } = walk
  if (walk.aliased <= maxAliasedValues) return { targets, problems, isBomb: false }
  const message = `expected aliases that expand to at most ${maxAliasedValues} values`
  const bomb = { path: [], offset: 0, message, hint: null, isSyntax: true }
  return { targets, problems: [bomb], isBomb: true }
}

function weigh(walk: Walk, node: unknown, path: KeyPath): number {
  if (isAlias(node)) return weighAlias(walk, node, path)
  let weight = 1
  if (isMap(node)) weight += weighPairs(walk, node.items, path)
  if (isSeq(node)) {
    node.items.forEach((item, at) => {
      weight += weigh(walk, item, [...path, at])
    })
  }
  if (isScalar(node) && typeof node.value === 'string') {
    const unfit = unfitCharacter(node.value)
    if (unfit !== undefined) report(walk, node, path, `expected text without ${unfit}`)
  }
  // AFTER its content, so that an anchor cannot contain itself.
  if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
    walk.named.set(node.anchor, node)
    walk.weights.set(node, weight)
  }
  return weight
}

/** What cannot be passed to a program. In YAML only an escape can write it. */
function unfitCharacter(text: string): string | undefined {
  if (text.includes('\0')) return 'a NUL character'
  return /\p{Cs}/u.test(text) ? 'half a character (\\ud800 to \\udfff)' : undefined
}

function weighAlias(walk: Walk, alias: Alias, path: KeyPath): number {
  const node = walk.named.get(alias.source)
  if (node === undefined) {
    const message = `not valid YAML: there is no anchor "${alias.source}" before this alias`
    const hint = 'text that begins with * needs quotes'
    walk.problems.push({ path, offset: offsetOf(alias), message, hint, isSyntax: true })
    return 1
  }
  const weight = walk.weights.get(node) ?? 1
  walk.targets.set(alias, node)
  walk.aliased += weight
  return weight
}

function weighPairs(walk: Walk, pairs: readonly Pair[], path: KeyPath): number {
  const seen = new Map<string, number>()
  let weight = 0
  for (const { key, value } of pairs) {
    const name = keyText(key)
    if (name === undefined) {
      const isText = isScalar(key) && key.value === '__proto__'
      report(walk, key, path, isText ? '__proto__ cannot be a key' : 'expected a key that is text')
      continue
    }
    const first = seen.get(name)
    if (first === undefined) seen.set(name, offsetOf(key))
    else report(walk, key, [...path, name], `given twice; first at ${walk.positionOf(first)}`)
    weight += weigh(walk, value, [...path, name])
    if (isMergeKey(key) && mergedMaps(value, walk.targets) === undefined) {
      report(walk, key, [...path, name], 'expected a map, or an alias of one, after <<')
    }
  }
  return weight
}

function report(walk: Walk, node: unknown, path: KeyPath, message: string): void {
  walk.problems.push({ path, offset: offsetOf(node), message, hint: null, isSyntax: false })
}

/** A key as it is written (`010` is not 10); undefined if it is not text, or no usable key. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined
  const text = writtenText(key)
  // Every JavaScript object has this key already.
  return text === '__proto__' ? undefined : text
}

/** A scalar as it is written, without its quotes: `1.10`, `0080`, `True`. */
export function writtenText(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
}

/** `<<: *base` https://yaml.org/type/merge.html */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

/** The maps that a merge key brings in, the strongest first; undefined if its value has no maps. */
export function mergedMaps(value: unknown, targets: AliasTargets): YAMLMap[] | undefined {
  const source = targetOf(value, targets)
  const parts = (isSeq(source) ? source.items : [source]).map((part) => targetOf(part, targets))
  const maps = parts.filter(isMap)
  return maps.length === parts.length ? maps : undefined
}

/** The node itself, or what it stands for if it is an alias. */
export function targetOf(node: unknown, targets: AliasTargets): unknown {
  return isAlias(node) ? targets.get(node) : node
}

export function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
