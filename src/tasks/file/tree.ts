import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Node, Pair, YAMLMap } from 'yaml'
import {
  type AliasTargets,
  isMergeKey,
  keyText,
  mergedMaps,
  offsetOf,
  targetOf,
  writtenText,
} from './anchors.ts'
import type { KeyPath } from './key-path.ts'

/** A document as plain values, with the place where each value is written. */
export interface Tree {
  /** Without top-level keys that begin with `x-`: they only hold anchors, as in compose files. */
  readonly value: unknown
  /** The offset of a key, or of an entry of a list; if it is missing, the nearest parent's. */
  offset(path: KeyPath): number
  has(path: KeyPath): boolean
  /** The keys of a map in the order of the file. Objects do not keep it for keys like `10`. */
  keys(path: KeyPath): string[]
  /** A scalar exactly as it is written, `022`; undefined for one in quotes, a map or a list. */
  written(path: KeyPath): string | undefined
}

export function readTree(root: Node | null, targets: AliasTargets): Tree {
  const cache = new Map<YAMLMap, Map<string, Pair>>()

  /** Looked up by name, so that finding the places of many problems stays linear. */
  const pairsOf = (map: YAMLMap): Map<string, Pair> => {
    const cached = cache.get(map)
    if (cached !== undefined) return cached
    const pairs = allPairs(map, targets)
    cache.set(map, pairs)
    return pairs
  }

  const find = (path: KeyPath): { offset: number; node: unknown; isFound: boolean } => {
    let offset = offsetOf(root)
    let node: unknown = root
    for (const step of path) {
      const parent = targetOf(node, targets)
      const pair = isMap(parent) ? pairsOf(parent).get(String(step)) : undefined
      const item = isSeq(parent) && typeof step === 'number' ? parent.items[step] : undefined
      if (pair === undefined && item === undefined) return { offset, node, isFound: false }
      node = pair === undefined ? item : pair.value
      offset = offsetOf(pair === undefined ? item : pair.key)
    }
    return { offset, node, isFound: true }
  }

  return {
    value: valueOf(root, [], targets),
    offset: (path) => find(path).offset,
    has: (path) => find(path).isFound,
    keys: (path) => {
      const { node, isFound } = find(path)
      const map = targetOf(node, targets)
      return isFound && isMap(map) ? [...pairsOf(map).keys()] : []
    },
    written: (path) => {
      const { node, isFound } = find(path)
      const scalar = targetOf(node, targets)
      return isFound && isScalar(scalar) && scalar.type === 'PLAIN' ? scalar.source : undefined
    },
  }
}

/** A map's own pairs, then those of its merge keys. The first pair of a name counts. */
function allPairs(map: YAMLMap, targets: AliasTargets): Map<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const pair of map.items) {
    const name = keyText(pair.key)
    if (name !== undefined && !isMergeKey(pair.key) && !pairs.has(name)) pairs.set(name, pair)
  }
  for (const merge of map.items.filter(({ key }) => isMergeKey(key))) {
    for (const source of mergedMaps(merge.value, targets) ?? []) {
      for (const [name, pair] of allPairs(source, targets)) {
        if (!pairs.has(name)) pairs.set(name, pair)
      }
    }
  }
  return pairs
}

function valueOf(node: unknown, path: KeyPath, targets: AliasTargets): unknown {
  // An alias without an anchor is already reported. It stays text, so that it is not missing too.
  if (isAlias(node) && !targets.has(node)) return `*${node.source}`
  const meant = targetOf(node, targets)
  if (isSeq(meant)) return meant.items.map((item, at) => valueOf(item, [...path, at], targets))
  if (isMap(meant)) {
    const values: Record<string, unknown> = {}
    for (const [name, pair] of allPairs(meant, targets)) {
      if (path.length === 0 && name.startsWith('x-')) continue
      values[name] = valueOf(pair.value, [...path, name], targets)
    }
    return values
  }
  if (!isScalar(meant)) return null
  return isText(path) && meant.value !== null ? writtenText(meant) : meant.value
}

/** Values of `env` and `labels`, words of a command and sums stay as written: `1.10` is not 1.1. */
function isText(path: KeyPath): boolean {
  const [top, second, third] = path
  const key = top === 'defaults' ? second : third
  const isInside = path.length === (top === 'defaults' ? 3 : 4)
  if (isInside && key === 'script') return path[3] === 'sha256'
  return isInside && (key === 'env' || key === 'labels' || key === 'command')
}
