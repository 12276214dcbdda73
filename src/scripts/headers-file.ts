import type { Host } from '../host/host.ts'
import { messageOf } from '../errors.ts'

const maxBytes = 64 * 1024

/**
 * The headers in a file of `Name: value` lines, such as a token; blank lines and lines that begin with `#`
 * do not count. Throws if the file is missing, is not torch's or root's, if others may read it, or if a line
 * is not a header.
 */
export function readHeadersFile(
  { files, processes }: Pick<Host, 'files' | 'processes'>,
  file: string,
): Record<string, string> {
  const facts = files.facts(file)
  if (facts === undefined) throw new Error(`headers_file ${file} does not exist`)
  if (facts.uid !== processes.uid && facts.uid !== 0)
    throw new Error(`headers_file ${file} belongs to another user (uid ${facts.uid})`)
  if ((facts.mode & 0o077 & ~groupBits(processes.gid, facts.gid)) !== 0)
    throw new Error(`headers_file ${file} can be read by others: chmod 600 ${file}`)
  const headers: Record<string, string> = {}
  for (const [index, line] of textOf(files, file).split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name, value] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw new Error(`headers_file ${file}:${index + 1}: expected "Name: value"`)
    headers[name] = value
  }
  return headers
}

/** The group of the daemon may read it: many systems give each user a group. */
function groupBits(own: number, group: number): number {
  return own === group ? 0o040 : 0
}

function textOf(files: Host['files'], file: string): string {
  try {
    return files.readFile(file, maxBytes)?.toString('latin1') ?? ''
  } catch (error) {
    throw new Error(`headers_file ${file}: ${messageOf(error)}`, { cause: error })
  }
}
