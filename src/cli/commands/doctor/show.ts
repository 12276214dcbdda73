import { byWeight, verdictWords } from '../../../doctor/diagnose.ts'
import type { Finding, Weight } from '../../../doctor/finding.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Style, Terminal } from '../../terminal/terminal.ts'
import { wrapped } from '../../terminal/table.ts'

const styles: Readonly<Record<Weight, Style>> = {
  problem: 'red',
  warning: 'yellow',
  note: 'cyan',
  ok: 'green',
}
const weightWidth = 'problem'.length
const gap = '  '
/** However narrow a terminal says that it is. */
const minWordsWidth = 30

/** What matters first, then what is well, then the verdict. */
export async function showFindings(
  terminal: Terminal,
  findings: readonly Finding[],
): Promise<void> {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  const indent = ' '.repeat(weightWidth + nameWidth + 2 * gap.length)
  const width = Math.max(terminal.columns - indent.length, minWordsWidth)
  const shown = byWeight(findings).map((finding) => {
    const { status, name } = finding
    const weight = terminal.paint(styles[status], status) + ' '.repeat(weightWidth - status.length)
    const words = wordsOf(finding).flatMap((each) => wrapped(plainLine(each), width))
    return weight + gap + name.padEnd(nameWidth) + gap + words.join(`\n${indent}`)
  })
  const amiss = findings.filter(({ status }) => status !== 'ok').length
  const blocks = [shown.slice(0, amiss), shown.slice(amiss), [verdictWords(findings)]]
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  await terminal.say(text.join('\n\n'))
}

function wordsOf({ found, instead, hint }: Finding): string[] {
  return [
    found,
    ...(instead === null ? [] : [`instead: ${instead}`]),
    ...(hint === null ? [] : [`try: ${hint}`]),
  ]
}
