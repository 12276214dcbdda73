import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Alias, Node, Pair } from 'yaml'
import { maxAliasedValues } from './limits.ts'
import type { Fault } from './fault.ts'
import { type Anchors, isMergeKey, keyText, mergedMaps, offsetOf } from './yaml-nodes.ts'
import type { Path } from './key-path.ts'

interface Walk {
  readonly named: Map<string, Node>
  readonly anchors: Map<Alias, Node>
  /** How many values an anchored node holds, with all that its own aliases bring in. */
  readonly weights: Map<Node, number>
  readonly faults: Fault[]
  readonly where: (offset: number) => string
  aliased: number
}

/**
 * Walks a document once, in its order: finds what its aliases stand for, and what YAML allows but a
 * tasks file does not: keys given twice or without a name, anchors that hold themselves, bombs.
 * `where` gives the place of an offset in words.
 */
export function readAnchors(
  root: Node | null,
  where: (offset: number) => string,
): { anchors: Anchors; faults: readonly Fault[]; bomb: boolean; named: boolean } {
  const walk: Walk = {
    named: new Map(),
    anchors: new Map(),
    weights: new Map(),
    faults: [],
    where,
    aliased: 0,
  }
  weigh(walk, root, [])
  const { anchors, faults } = walk
  const named = walk.named.size > 0
  if (walk.aliased <= maxAliasedValues) return { anchors, faults, bomb: false, named }
  const message = `expected aliases that bring in at most ${maxAliasedValues} values`
  return {
    anchors,
    faults: [{ path: [], offset: 0, message, hint: null, syntax: true }],
    bomb: true,
    named,
  }
}

function weigh(walk: Walk, node: unknown, path: Path): number {
  if (isAlias(node)) return weighAlias(walk, node, path)
  let weight = 1
  if (isMap(node)) weight += weighPairs(walk, node.items, path)
  if (isSeq(node)) {
    node.items.forEach((item, at) => {
      weight += weigh(walk, item, [...path, at])
    })
  }
  if (isScalar(node) && typeof node.value === 'string') {
    const unfit = unfitIn(node.value)
    if (unfit !== undefined) fault(walk, node, path, `expected text without ${unfit}`)
  }
  // Only now, after what it holds, so that an anchor cannot hold itself.
  if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
    walk.named.set(node.anchor, node)
    walk.weights.set(node, weight)
  }
  return weight
}

/** What no program could be given as it is: only an escape can write it. */
function unfitIn(text: string): string | undefined {
  if (text.includes('\0')) return 'a NUL character'
  return /\p{Cs}/u.test(text) ? 'half a character (\\ud800 to \\udfff)' : undefined
}

function weighAlias(walk: Walk, alias: Alias, path: Path): number {
  const node = walk.named.get(alias.source)
  if (node === undefined) {
    const message = `not valid YAML: there is no anchor "${alias.source}" before this`
    const hint = 'text that begins with * needs quotes'
    walk.faults.push({ path, offset: offsetOf(alias), message, hint, syntax: true })
    return 1
  }
  const weight = walk.weights.get(node) ?? 1
  walk.anchors.set(alias, node)
  walk.aliased += weight
  return weight
}

function weighPairs(walk: Walk, pairs: readonly Pair[], path: Path): number {
  const seen = new Map<string, number>()
  let weight = 0
  for (const { key, value } of pairs) {
    const name = keyText(key)
    if (name === undefined) {
      fault(walk, key, path, 'expected a key that is text')
      continue
    }
    const first = seen.get(name)
    if (first === undefined) seen.set(name, offsetOf(key))
    else fault(walk, key, [...path, name], `given twice; first at ${walk.where(first)}`)
    weight += weigh(walk, value, [...path, name])
    if (isMergeKey(key) && mergedMaps(value, walk.anchors) === undefined) {
      fault(walk, key, [...path, name], 'expected a map, or an alias of one, after <<')
    }
  }
  return weight
}

function fault(walk: Walk, node: unknown, path: Path, message: string): void {
  walk.faults.push({ path, offset: offsetOf(node), message, hint: null, syntax: false })
}
