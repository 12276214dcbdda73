import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { Alias, Node, YAMLMap } from 'yaml'

/** What each alias of a document stands for. */
export type Anchors = ReadonlyMap<Alias, Node>

/** A key as it is written (`010:` is not 10); undefined for one that is no text, or no key at all. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined
  const text = writtenText(key)
  // An object has it already, and it is not a value.
  return text === '__proto__' ? undefined : text
}

/** A scalar as its author wrote it, where that is not in quotes: `1.10`, `0080`, `True`. */
export function writtenText(scalar: { value: unknown; source?: string | undefined }): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value))
}

/** `<<: *base` https://yaml.org/type/merge.html */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

export function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

export function target(node: unknown, anchors: Anchors): unknown {
  return isAlias(node) ? anchors.get(node) : node
}

/** The maps that a merge key brings in, the strongest first; undefined where it is no such thing. */
export function mergedMaps(value: unknown, anchors: Anchors): YAMLMap[] | undefined {
  const source = target(value, anchors)
  const parts = (isSeq(source) ? source.items : [source]).map((part) => target(part, anchors))
  const maps = parts.filter(isMap)
  return maps.length === parts.length ? maps : undefined
}
