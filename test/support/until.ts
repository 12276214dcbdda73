/** Repeats a look until it finds something; throws after `boundMs`. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  boundMs = 30_000,
): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what} did not come within ${boundMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
