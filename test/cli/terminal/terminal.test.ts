import { expect, test } from 'vitest'
import { openScreen } from '../../../src/cli/terminal/terminal.ts'
import { fakeTerminal } from '../../support/here.ts'

const taken = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const given = '\u001b[?7h\u001b[?25h\u001b[?1049l'

test('a screen is taken, drawn repeatedly, and given back', async () => {
  const terminal = fakeTerminal({ columns: 20, rows: 3 })
  const screen = await openScreen(terminal)
  await screen.draw(['a', 'b'])
  await screen.draw(['c', 'd', 'e', 'never shown'])
  await screen.close()
  await screen.draw(['never shown'])
  const line = '\u001b[2K'
  expect(terminal.stdout()).toBe(
    `${taken}\u001b[H${line}a\r\n${line}b\r\n\u001b[J\u001b[H${line}c\r\n${line}d\r\n${line}e${given}`,
  )
})
