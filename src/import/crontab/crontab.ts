import { maxFileBytes } from '../../tasks/file/limits.ts'
import { type CronLine, readCronLines } from './cron-lines.ts'
import { cronDraft } from './cron-draft.ts'
import { readCronParts } from './cron-parts.ts'
import { type Imported, maxCrontabLines, refused } from '../imported.ts'
import { newWarnings, type Warnings } from '../import-warnings.ts'
import { writeDraft } from '../write-draft.ts'

/**
 * Makes a tasks file of a crontab, whose tasks start when cron starts its jobs. What cannot be
 * carried over is a comment in it, and a warning. `system`: there is a user before each command.
 * Never throws, whatever the text is.
 */
export function importCrontab(
  { path, text }: { readonly path: string; readonly text: string },
  { system }: { readonly system: boolean },
): Imported {
  if (text.includes('\0'))
    return refused(path, 'not a crontab: it holds the control character U+0000')
  const lines = readCronLines(text)
  if (lines.length > maxCrontabLines)
    return refused(path, `expected at most ${maxCrontabLines} lines; got ${lines.length}`)

  const warnings = newWarnings()
  const parts = readCronParts(lines, system, warnings)
  tellLineEnds(text, lines, warnings)
  const draft = cronDraft(parts)
  const yaml = writeDraft(draft)
  if (yaml.length > maxFileBytes)
    return refused(path, `its tasks file would have more than ${maxFileBytes / 1_000_000} MB`)
  const tasks = draft.body.filter(({ kind }) => kind === 'task').length
  return { ok: true, yaml, tasks, warnings: warnings.all() }
}

/** Both keep cron from doing what is meant, and nothing of them is left in the tasks file. */
function tellLineEnds(text: string, lines: readonly CronLine[], warnings: Warnings): void {
  const carriage = text.indexOf('\r\n')
  if (carriage !== -1) {
    const line = text.slice(0, carriage).split('\n').length
    warnings.tell(line, 'the carriage return at its end, which cron passes on, is left out')
  }
  const last = lines.at(-1)
  if (last?.kind === 'entry' && !text.endsWith('\n'))
    warnings.tell(last.line, 'cron does not read a last line without a line break; torch does')
}
