import fs from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { mayHaveTerminal, torchOnTerminal } from '../../../support/pty.ts'
import { closeSites, newSite } from '../../../support/torch.ts'
import { until } from '../../../support/until.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const names = Array.from({ length: 30 }, (_, n) => `t${n}`)
const tasks = `tasks:\n${names.map((name) => `  ${name}: { schedule: "@yearly", command: "true" }\n`).join('')}`
const taken = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const given = '\u001b[?7h\u001b[?25h\u001b[?1049l'

/** The lines on the screen: the last frame. */
function frame(shown: string): string[] {
  const frames = shown.split('\u001b[H').slice(1)
  const text = (frames.at(-1) ?? '').split(given)[0] ?? ''
  return stripVTControlCharacters(text)
    .split('\r\n')
    .map((line) => line.trimEnd())
}

describe.skipIf(!mayHaveTerminal).concurrent('torch status --watch', () => {
  test('torch status --watch refreshes until Ctrl-C, while the daemon stops and the window shrinks', async () => {
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
    await sees(
      (lines) => lines[2]?.startsWith('daemon  NOT RUNNING, stopped ') ?? false,
      'the end of the daemon',
    )
    await site.torch('start')
    await sees((lines) => lines[2]?.startsWith('daemon  running, pid') ?? false, 'the daemon again')

    watch.resize(60, 10)
    await sees(
      (lines) => lines.length === 10 && (lines[9] ?? '').startsWith('... and '),
      'the smaller window',
    )
    fs.writeFileSync(site.tasks, 'tasks: 5\n')
    await sees((lines) => lines[3]?.endsWith(', REFUSED') ?? false, 'the bad file')
    watch.type('\u0003')
    expect(await watch.ended).toBe(0)
    expect(watch.shown().endsWith(given)).toBe(true)
  })

  test('torch status --watch restores the terminal after TERM and exits with 143', async () => {
    const site = newSite(tasks)
    const watch = await torchOnTerminal(site, ['status', '--watch'], { columns: 90, rows: 14 })
    await until(() => watch.shown().includes('30 tasks'), 'a frame')
    watch.signal('SIGTERM')
    expect(await watch.ended).toBe(143)
    expect(watch.shown().endsWith(given)).toBe(true)
  })

  test('torch status --watch restores the terminal for Ctrl-Z and takes it again afterwards', async () => {
    const watch = await torchOnTerminal(newSite(tasks), ['status', '--watch'], {
      columns: 90,
      rows: 14,
    })
    await until(() => watch.shown().includes('30 tasks'), 'a frame')
    watch.type('\u001a')
    await until(() => watch.isStopped(), 'its stop')
    await until(() => {
      // Repeated, as script(1) may stop itself only after the first SIGCONT.
      watch.signal('SIGCONT')
      return watch.shown().includes(given + taken)
    }, 'its way back')
    watch.signal('SIGINT')
    expect(await watch.ended).toBe(0)
  })

  test('torch status --watch TASK with an unknown task fails without taking the screen', async () => {
    const watch = await torchOnTerminal(newSite(tasks), ['status', '--watch', 'tt1'], {
      columns: 90,
      rows: 14,
    })
    expect(await watch.ended).toBe(2)
    expect(watch.shown()).toBe('torch: there is no task "tt1"\r\nhint: did you mean "t1"?\r\n')
  })
})
