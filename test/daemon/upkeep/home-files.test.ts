import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'

const yaml = `
tasks:
  steady: { type: daemon, command: exec sleep 600 }
`

/** Longer than the daemon needs to notice it. */
const noticeSeconds = 11

describe('what is removed from the home of a running daemon', () => {
  test.each([
    ['torch.pid', new RegExp(`^${process.pid}\n$`)],
    ['tasks-path', /^\/.*tasks.yaml\n$/],
    ['loaded.json', /^\[\["steady",/],
    ['slots', /^\d{12} \d{12}\n$/],
    ['boot', /^\S+ \d+\n$/],
    ['pending.json', /"waiting":\[\]/],
    ['runs', /^$/],
    ['active', /^\d{8}T\S+$/],
  ])('%s is made again', async (name, content) => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
    await daemon.begun('steady')
    const file = path.join(site.home, name)
    fs.rmSync(path.join(site.home, 'runs'), { recursive: true })
    fs.rmSync(file, { recursive: true, force: true })
    daemon.seconds(noticeSeconds)
    await expect.poll(() => contentOf(file)).toMatch(content)
  })

  test('the entry of a run in progress is made again', async () => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
    const [run = ''] = daemon.running('steady')
    const entry = path.join(site.home, 'active', run)
    fs.rmSync(entry)
    daemon.seconds(noticeSeconds)
    expect(fs.readFileSync(entry, 'utf8')).toBe('steady\n')
  })

  test('what cannot be looked at is trouble, and not the end of the daemon', async () => {
    const site = newSite(yaml)
    const { files } = thisMachine()
    let isBad = false
    const facts = (file: string) => {
      if (isBad && file.endsWith('/pending.json')) throw new Error('EIO: a bad disk')
      return files.facts(file)
    }
    const daemon = await site.daemon({ files: { ...files, facts } })
    isBad = true
    daemon.seconds(noticeSeconds)
    expect(daemon.lines.map(({ words }) => words)).toContainEqual(
      expect.stringMatching(/^could not look for pending.json: EIO/),
    )
  })

  test('the log says it once', async () => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
    const file = path.join(site.home, 'tasks-path')
    fs.rmSync(file)
    daemon.seconds(3 * noticeSeconds)
    expect(daemon.lines.filter(({ event }) => event === 'restore')).toEqual([
      { event: 'restore', facts: { file }, words: `${file} was removed and is made again` },
    ])
  })
})

/** The text of a file, or the names in a folder. */
function contentOf(file: string): string {
  const facts = fs.statSync(file, { throwIfNoEntry: false })
  if (facts === undefined) return 'missing'
  return facts.isDirectory() ? fs.readdirSync(file).join('\n') : fs.readFileSync(file, 'utf8')
}
