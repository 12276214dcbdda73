import { fileURLToPath } from 'node:url'
import type { Host } from '../host/host.ts'

/** The version of this torch, from the package that it came in. */
export function readVersion(host: Host): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  const { version } = JSON.parse(host.files.readText(file) ?? '{}') as { version?: string }
  return version ?? 'unknown'
}
