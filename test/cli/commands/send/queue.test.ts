import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../../../src/host/host.ts'
import { openInbox } from '../../../../src/record/inbox/inbox.ts'
import { maxLineBytes } from '../../../../src/text/line-fault.ts'
import { keptMessages } from '../../../../src/record/inbox/kept.ts'
import { torchHere } from '../../../support/here.ts'

const yaml = `tasks:
  resize: {type: manual, command: cat, input: queue}
  rotate: {type: manual, command: cat, input: queue, enabled: false}
  far: {type: manual, command: cat, input: queue, hosts: [10.9.9.9]}
  console: {type: daemon, command: cat, input: live}
  plain: {schedule: "@daily", command: "true"}
`

/** A folder with a tasks file, and no home yet. */
function newSite() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-send-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const home = path.join(folder, 'home')
  const tasks = path.join(folder, 'tasks.yaml')
  fs.writeFileSync(tasks, yaml)
  return {
    home,
    torch: (...words: string[]) => torchHere([...words, '--home', home, '--tasks', tasks]),
    waiting(task: string) {
      const inbox = openInbox(thisMachine(), path.join(home, 'inbox'), () => {})
      return keptMessages(inbox, task, ['new']).map(({ message }) => message)
    },
  }
}

describe('torch send to a queue, without a daemon', () => {
  test('each word is a message, from this machine or from the run that sends it', async () => {
    const { torch, waiting, home } = newSite()
    expect(await torch('send', 'resize', '/a b.jpg', '')).toMatchObject({
      status: 0,
      stdout: '2 messages wait for resize\n',
    })
    const names = { TORCH_HOST: 'web1', TORCH_TASK: 'camera', TORCH_RUN_ID: 'r1' }
    Object.assign(process.env, names)
    onTestFinished(() => {
      for (const name of Object.keys(names)) Reflect.deleteProperty(process.env, name)
    })
    const { stdout } = await torch('send', 'resize', 'third', '--json')
    const [first, second, third] = waiting('resize')
    expect(JSON.parse(stdout)).toEqual([
      { task: 'resize', run: null, lines: 1, message: [third?.id] },
    ])
    expect([first?.text, second?.text, third?.text]).toEqual(['/a b.jpg', '', 'third'])
    expect(first?.from).toMatchObject({ task: null, run: null })
    expect(third?.from).toEqual({ host: 'web1', task: 'camera', run: 'r1' })
    expect(fs.statSync(home).mode & 0o777).toBe(0o700)
  })

  test('a pattern sends to each task with a queue, also to one that is not enabled', async () => {
    const { torch, waiting } = newSite()
    expect(await torch('send', 'r*', 'one')).toMatchObject({
      stdout: '1 message waits for resize\n1 message waits for rotate\n',
    })
    expect([waiting('resize').length, waiting('rotate').length]).toEqual([1, 1])
  })

  test.each([
    [['send', 'far', 'x'], 1, 'far does not run on this machine'],
    [['send', 'nowhere', 'x'], 2, 'there is no task "nowhere"'],
    [['send', 'console', 'x'], 3, 'no torch daemon is running'],
    [['send', 'plain', 'x'], 2, 'plain takes no input'],
    [['send', 'resize', 'x\ny'], 2, 'has a line break'],
    [['send', 'resize', 'x'.repeat(maxLineBytes + 1)], 2, 'has 65537 bytes'],
    [['send', 'resize', 'x', '--end'], 2, 'has a queue'],
  ])('torch %j is refused, and nothing is written', async (words, status, message) => {
    const { torch, home } = newSite()
    const ended = await torch(...words)
    expect(ended.stderr).toContain(message)
    expect(ended.status).toBe(status)
    expect(fs.existsSync(path.join(home, 'inbox'))).toBe(false)
  })
})
