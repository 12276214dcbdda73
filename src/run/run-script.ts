import type { RunScript } from '../plan/history-row.ts'
import type { Task } from '../tasks/task.ts'

/** The script of a run: the copy that it gets, or why there is none. */
export type ScriptForRun =
  | {
      readonly kind: 'copy'
      /** The file, which never changes. */
      readonly path: string
      readonly url: string
      readonly sha256: string
      /** Why the last look for a newer version failed; null if it did not. */
      readonly stale: string | null
    }
  | {
      readonly kind: 'missing'
      readonly url: string
      readonly why: string
      readonly reason: string
    }

/** What goes on record. */
export function recordOf(script: ScriptForRun): RunScript {
  const { url } = script
  if (script.kind === 'missing') return { url, sha256: null, stale: script.why }
  return { url, sha256: script.sha256, stale: script.stale }
}

/** The path of the copy. */
export function pathOf(script: ScriptForRun | undefined): string | undefined {
  return script?.kind === 'copy' ? script.path : undefined
}

/** The variable with the path of the copy. */
export const scriptVariable = 'TORCH_SCRIPT'

/**
 * What is executed: the command of the task, or the script itself. In a list, the word `$TORCH_SCRIPT` is
 * the path of the script; in text, the shell replaces it.
 */
export function commandWith(
  command: Task['command'],
  path: string | undefined,
): string | readonly string[] {
  if (command === undefined) return [path ?? '']
  if (typeof command === 'string' || path === undefined) return command
  return command.map((word) => (word === `$${scriptVariable}` ? path : word))
}
