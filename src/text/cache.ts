/**
 * A cache in `map`: the value of the key, made by `make` when it is missing. Above `bound` entries the
 * oldest one is dropped.
 */
export function remembered<Key, Value>(
  map: Map<Key, Value>,
  bound: number,
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const value = make()
  if (map.size >= bound) {
    for (const oldest of map.keys()) {
      map.delete(oldest)
      break
    }
  }
  map.set(key, value)
  return value
}
