/** The least time between two looks. */
const pauseMs = 10

/**
 * Repeats a look until it finds something; throws after `boundMs`. A look that takes long, as a command does,
 * leaves the processor to others for as long again.
 */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  boundMs = 30_000,
): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const begin = performance.now()
    const found = await look()
    if (found !== undefined && found !== false) return found
    const now = performance.now()
    if (now > end) throw new Error(`${what} did not come within ${boundMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, Math.max(pauseMs, now - begin)))
  }
}
