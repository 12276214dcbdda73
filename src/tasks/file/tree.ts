import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Node, Pair, YAMLMap } from 'yaml'
import { type Anchors, isMergeKey, keyText, mergedMaps, offsetOf } from './yaml-nodes.ts'
import { target, writtenText } from './yaml-nodes.ts'
import type { Path } from './key-path.ts'

/** A document as plain values, which still knows where each of them was written. */
export interface Tree {
  /** Without the top keys that begin with `x-`: they are there to hold anchors, as in compose files. */
  readonly value: unknown
  /** The offset of a key, or of a list's entry; of the nearest around it, where there is none. */
  offset(path: Path): number
  has(path: Path): boolean
  /** The keys of a map in the order of the file, which objects do not keep for keys like `10`. */
  keys(path: Path): string[]
  /** A number as it is written, `022`; undefined for all that is not a plain scalar. */
  written(path: Path): string | undefined
}

export function readTree(root: Node | null, anchors: Anchors): Tree {
  const children = new Map<YAMLMap, Map<string, Pair>>()

  /** By name, so that a hundred thousand problems take a hundred thousand steps. */
  const pairsOf = (map: YAMLMap): Map<string, Pair> => {
    const known = children.get(map)
    if (known !== undefined) return known
    const pairs = allPairs(map, anchors)
    children.set(map, pairs)
    return pairs
  }

  const find = (path: Path): { offset: number; node: unknown; whole: boolean } => {
    let offset = offsetOf(root)
    let node: unknown = root
    for (const step of path) {
      const around = target(node, anchors)
      const pair = isMap(around) ? pairsOf(around).get(String(step)) : undefined
      const item = isSeq(around) && typeof step === 'number' ? around.items[step] : undefined
      if (pair === undefined && item === undefined) return { offset, node, whole: false }
      node = pair === undefined ? item : pair.value
      offset = offsetOf(pair === undefined ? item : pair.key)
    }
    return { offset, node, whole: true }
  }

  return {
    value: valueOf(root, [], anchors),
    offset: (path) => find(path).offset,
    has: (path) => find(path).whole,
    keys: (path) => {
      const { node, whole } = find(path)
      const map = target(node, anchors)
      return whole && isMap(map) ? [...pairsOf(map).keys()] : []
    },
    written: (path) => {
      const { node, whole } = find(path)
      const scalar = target(node, anchors)
      return whole && isScalar(scalar) && scalar.type === 'PLAIN' ? scalar.source : undefined
    },
  }
}

/** Its own pairs, and those that merge keys bring in: the own ones first, the first of a name counts. */
function allPairs(map: YAMLMap, anchors: Anchors): Map<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const pair of map.items) {
    const name = keyText(pair.key)
    if (name !== undefined && !isMergeKey(pair.key) && !pairs.has(name)) pairs.set(name, pair)
  }
  for (const merge of map.items.filter(({ key }) => isMergeKey(key))) {
    for (const source of mergedMaps(merge.value, anchors) ?? []) {
      for (const [name, pair] of allPairs(source, anchors)) {
        if (!pairs.has(name)) pairs.set(name, pair)
      }
    }
  }
  return pairs
}

function valueOf(node: unknown, path: Path, anchors: Anchors): unknown {
  // What stands for nothing was told by readAnchors(); it stays text, so as not to be missing too.
  if (isAlias(node) && !anchors.has(node)) return `*${node.source}`
  const meant = target(node, anchors)
  if (isSeq(meant)) return meant.items.map((item, at) => valueOf(item, [...path, at], anchors))
  if (isMap(meant)) {
    const values: Record<string, unknown> = {}
    for (const [name, pair] of allPairs(meant, anchors)) {
      if (path.length === 0 && name.startsWith('x-')) continue
      values[name] = valueOf(pair.value, [...path, name], anchors)
    }
    return values
  }
  if (!isScalar(meant)) return null
  return isText(path) && meant.value !== null ? writtenText(meant) : meant.value
}

/** `env`, `labels` and the words of a command are text, whatever they look like: `1.10` is not 1.1. */
export function isText(path: Path): boolean {
  const [top, second, third] = path
  const key = top === 'defaults' ? second : third
  const inside = path.length === (top === 'defaults' ? 3 : 4)
  return inside && (key === 'env' || key === 'labels' || key === 'command')
}
