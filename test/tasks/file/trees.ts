import { readAnchors } from '../../../src/tasks/file/anchors.ts'
import type { Path } from '../../../src/tasks/file/key-path.ts'
import { readTree, type Tree } from '../../../src/tasks/file/tree.ts'
import { readYaml } from '../../../src/tasks/file/yaml.ts'

/** All that a tree tells, and of a key that is not there what is told instead. */
export function told(tree: Tree, path: Path = [], value = tree.value): unknown {
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value ?? {})
  const steps = typeof value === 'object' ? inner : []
  const missing = [...path, 'missing']
  return {
    value,
    offset: tree.offset(path),
    keys: tree.keys(path),
    written: tree.written(path),
    has: [tree.has(path), tree.has(missing), tree.offset(missing)],
    inside: steps.map(([step, one]) => told(tree, [...path, step], one)),
  }
}

/** What the package for YAML makes of it. */
export function readAll(text: string): { tree: Tree; faults: unknown[] } {
  const { root = null, faults } = readYaml(text)
  const { anchors, faults: more } = readAnchors(root, String)
  return { tree: readTree(root, anchors), faults: [...faults, ...more] }
}
