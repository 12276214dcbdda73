import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { openCacheFolder } from '../../src/scripts/cache-folder.ts'
import { newScripts } from '../../src/scripts/scripts.ts'
import { newUrlRecords, type ScriptTask } from '../../src/scripts/url-records.ts'
import type { TaskScript } from '../../src/tasks/task.ts'

/** A task that executes the script at this URL. */
export function scriptTask(
  url: string,
  script: Partial<TaskScript> = {},
  command?: string,
): ScriptTask {
  return {
    name: 'report',
    command,
    script: {
      ...{ url, source: undefined, sha256: undefined, update: 'never', headersFile: undefined },
      ...{ timeoutMs: 20_000, maxBytes: 100_000, ...script },
    },
  }
}

/** A new cache folder, and scripts that use it; what they tell and what the disk refuses is kept. */
export function newCache(given: Partial<Host> = {}) {
  const above = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-scripts-')))
  onTestFinished(() => fs.rmSync(above, { recursive: true, force: true }))
  const folder = path.join(above, 'cache')
  const host: Host = { ...thisMachine(), ...given }
  const told: string[] = []
  const trouble: string[] = []
  /** As another process would see the folder: it knows nothing but what is on the disk. */
  const open = (hostName = 'web-1') => {
    const scripts = newScripts({
      ...{ host, hostName },
      ...{ cache: openCacheFolder(host, folder), records: newUrlRecords(host, folder) },
      tell: (_, words) => void told.push(words),
      onDisk(subject, act) {
        try {
          return act()
        } catch (error) {
          trouble.push(`${subject}: ${String(error)}`)
          throw error
        }
      },
    })
    onTestFinished(() => scripts.close())
    return scripts
  }
  return { above, folder, told, trouble, open, host }
}
