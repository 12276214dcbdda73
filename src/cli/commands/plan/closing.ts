import type { Warning } from '../../../forecast/warning.ts'
import { someOf } from '../../../text/plural.ts'
import { type Page, paragraph, partMark, variesMark } from './page.ts'

/** So many tasks are named before a warning. */
const maxNamedTasks = 3

/** What a reviewer is warned of, each with what to try. */
export function warningsText(page: Page, warnings: readonly Warning[]): string {
  return warnings
    .map(({ tasks, message, hint }) => {
      const line = `warning: ${someOf(tasks, maxNamedTasks)}: ${message}`
      return `${page.paint('yellow', paragraph(page, line))}\n${paragraph(page, `hint: ${hint}`)}`
    })
    .join('\n')
}

/** What the marks mean, as far as they are used. */
export function legendText(
  page: Page,
  used: { readonly varies: boolean; readonly part: boolean },
): string {
  const lines = [
    ...(used.varies
      ? [
          `${variesMark} by H or jitter at another time on each machine; shown as on one with the name of its block`,
        ]
      : []),
    ...(used.part ? [`${partMark} on some of these machines only`] : []),
  ]
  return lines.map((line) => paragraph(page, line)).join('\n')
}
