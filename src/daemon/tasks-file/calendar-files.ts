import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { maxCalendarBytes } from '../../tasks/file/limits.ts'
import type { ReadText } from '../../tasks/file/settings.ts'

/** Reads a file of a calendar (an absolute path), or says why not. Never throws. */
export function readCalendarFile(
  { files }: Pick<Host, 'files'>,
  path: string,
): ReadText & { readonly path: string } {
  try {
    const facts = files.facts(path)
    if (facts?.kind === 'directory') return { path, ok: false, message: 'is a directory' }
    if ((facts?.size ?? 0) > maxCalendarBytes)
      return { path, ok: false, message: `has more than ${maxCalendarBytes} bytes` }
    const bytes = facts === undefined ? undefined : files.readFile(path, maxCalendarBytes)
    if (bytes === undefined) return { path, ok: false, message: 'is not there' }
    return { path, ok: true, text: bytes.toString('utf8') }
  } catch (error) {
    return { path, ok: false, message: messageOf(error) }
  }
}
