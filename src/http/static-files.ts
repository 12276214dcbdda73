import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Host } from '../host/host.ts'

/** One file of the page. */
export interface StaticFile {
  readonly type: string
  readonly bytes: Buffer
  /** The same compressed; undefined if that is not smaller. */
  readonly zipped: Buffer | undefined
  /** Its name contains a hash of its content, so browsers may keep it. */
  readonly isHashed: boolean
}

/** Where the build puts the page. */
const pageFolder = fileURLToPath(new URL('../web', import.meta.url))

/** All of the page is less than 1 MB. */
const maxFileBytes = 4 * 1024 * 1024

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
}

/**
 * Reads the page into memory: by the path in the address, `/assets/index-1a2b.js`. Only these paths exist,
 * so no address leads to another file. Empty if the page was not built.
 */
export function readStaticFiles(host: Host, folder = pageFolder): Map<string, StaticFile> {
  const found = new Map<string, StaticFile>()
  const read = (below: string): void => {
    for (const name of host.files.list(path.join(folder, below))) {
      const place = path.join(below, name)
      const full = path.join(folder, place)
      if (host.files.facts(full)?.kind === 'directory') {
        read(place)
        continue
      }
      const type = types[path.extname(name)]
      const bytes = type === undefined ? undefined : host.files.readFile(full, maxFileBytes)
      if (type === undefined || bytes === undefined) continue
      const zipped = gzipSync(bytes, { level: 9 })
      found.set(`/${place}`, {
        type,
        bytes,
        zipped: zipped.length < bytes.length ? zipped : undefined,
        isHashed: place.startsWith('assets/'),
      })
    }
  }
  read('')
  return found
}
