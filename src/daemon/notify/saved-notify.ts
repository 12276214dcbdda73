import type { Host } from '../../host/host.ts'
import type { TargetWindow } from '../../plan/notify/digest.ts'
import type { TaskTrouble } from '../../plan/notify/notice.ts'
import type { HomePaths } from '../settings.ts'

/** What was sent about what, so that the next daemon does not send it again. */
export interface NotifyState {
  /** Only the tasks about which something is known. */
  readonly tasks: Map<string, TaskTrouble>
  /** By the name of the target. */
  readonly windows: Map<string, TargetWindow>
  /** The refused tasks file about which a message was sent. */
  refused: { readonly hash: string; readonly sinceMs: number; readonly toldMs: number } | undefined
}

interface NotifyFile {
  readonly version: 1
  readonly tasks: Readonly<Record<string, TaskTrouble>>
  readonly windows: Readonly<Record<string, TargetWindow>>
  readonly refused: NotifyState['refused'] | null
}

/** What the previous daemon left; undefined if there is nothing, or if it is damaged. */
export function readNotifyState(host: Host, paths: HomePaths): NotifyState | undefined {
  try {
    const file = JSON.parse(host.files.readText(paths.notify) ?? '') as NotifyFile
    return {
      tasks: new Map(Object.entries(file.tasks)),
      windows: new Map(Object.entries(file.windows)),
      refused: file.refused ?? undefined,
    }
  } catch {
    return undefined
  }
}

/** Throws. What waits for a digest is nowhere else, so it must survive a power cut. */
export function writeNotifyState(
  host: Host,
  paths: HomePaths,
  { tasks, windows, refused }: NotifyState,
): void {
  const file: NotifyFile = {
    version: 1,
    tasks: Object.fromEntries(tasks),
    windows: Object.fromEntries(windows),
    refused: refused ?? null,
  }
  const sync = [...windows.values()].some(({ held }) => held > 0)
  host.files.replace(paths.notify, `${JSON.stringify(file)}\n`, { sync })
}
