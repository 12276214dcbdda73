import fs from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { openScreen } from '../../src/cli/terminal/screen.ts'
import { mayHaveTerminal, torchOnTerminal } from '../support/pty.ts'
import { fakeTerminal } from '../support/here.ts'
import { closeSites, newSite, until } from '../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 60_000 })

const names = Array.from({ length: 30 }, (_, n) => `t${n}`)
const tasks = `tasks:\n${names.map((name) => `  ${name}: { schedule: "@yearly", command: "true" }\n`).join('')}`
const taken = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const given = '\u001b[?7h\u001b[?25h\u001b[?1049l'

describe('a screen', () => {
  test('is taken, drawn over and over, and given back', async () => {
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
})

/** What stands on the screen now: the last frame that is whole. */
function frame(shown: string): string[] {
  const frames = shown.split('\u001b[H').slice(1)
  const text = (frames.at(-1) ?? '').split(given)[0] ?? ''
  return stripVTControlCharacters(text)
    .split('\r\n')
    .map((line) => line.trimEnd())
}

describe.skipIf(!mayHaveTerminal).concurrent('torch status --watch', () => {
  test('refreshes, whatever becomes of daemon and window, until Ctrl-C', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const watch = await torchOnTerminal(site, ['status', '--watch'], { columns: 90, rows: 14 })
    const sees = (look: (lines: string[]) => boolean, what: string) =>
      until(() => look(frame(watch.shown())), what)
    const first = await until(() => /torch status {2}(\S+)/.exec(watch.shown())?.[1], 'a frame')
    await sees(([title = '']) => !title.includes(first), 'the next frame')
    await sees((lines) => lines.length === 14 && lines[13] === '... and 25 more', 'a full screen')
    expect(watch.shown().startsWith(taken)).toBe(true)

    await site.torch('stop')
    await sees((lines) => lines[2] === 'daemon  not running', 'the end of the daemon')
    await site.torch('start')
    await sees((lines) => lines[2]?.startsWith('daemon  running, pid') ?? false, 'the daemon again')

    watch.resize(60, 10)
    await sees(
      (lines) => lines.length === 10 && (lines[9] ?? '').startsWith('... and '),
      'the smaller window',
    )
    fs.writeFileSync(site.tasks, 'tasks: 5\n')
    await sees((lines) => lines[3]?.endsWith(', NOT TAKEN') ?? false, 'the bad file')
    watch.type('\u0003')
    expect(await watch.ended).toBe(0)
    expect(watch.shown().endsWith(given)).toBe(true)
  })

  test('gives the terminal back after TERM too, and says so by its status', async () => {
    const site = newSite(tasks)
    const watch = await torchOnTerminal(site, ['status', '--watch'], { columns: 90, rows: 14 })
    await until(() => watch.shown().includes('30 tasks'), 'a frame')
    watch.signal('SIGTERM')
    expect(await watch.ended).toBe(143)
    expect(watch.shown().endsWith(given)).toBe(true)
  })

  test('gives the terminal back for Ctrl-Z, and takes it again', async () => {
    const watch = await torchOnTerminal(newSite(tasks), ['status', '--watch'], {
      columns: 90,
      rows: 14,
    })
    await until(() => watch.shown().includes('30 tasks'), 'a frame')
    watch.type('\u001a')
    await until(() => watch.isStopped(), 'its stop')
    await until(() => {
      // Again and again: script(1) may stop itself only after the first.
      watch.signal('SIGCONT')
      return watch.shown().includes(given + taken)
    }, 'its way back')
    watch.signal('SIGINT')
    expect(await watch.ended).toBe(0)
  })

  test('what is wrong from the start is said as without it, and no screen is taken', async () => {
    const watch = await torchOnTerminal(newSite(tasks), ['status', '--watch', 'tt1'], {
      columns: 90,
      rows: 14,
    })
    expect(await watch.ended).toBe(2)
    expect(watch.shown()).toBe('torch: there is no task "tt1"\r\nhint: did you mean "t1"?\r\n')
  })
})
