import fs from 'node:fs'

/** What a line for the journal of systemd begins with, to give it a priority: sd-daemon(3). */
export const journalPriority = { error: '<3>', warning: '<4>', info: '<6>', debug: '<7>' } as const

/** Whether that descriptor leads into the journal: JOURNAL_STREAM in systemd.exec(5). */
export function leadsToJournal(descriptor: number): boolean {
  const stream = process.env['JOURNAL_STREAM']
  if (stream === undefined) return false
  try {
    const { dev, ino } = fs.fstatSync(descriptor)
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}
