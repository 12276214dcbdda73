import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import { settleBatch, takeBatch } from '../../../src/record/inbox/batch.ts'
import { openInbox, putMessages } from '../../../src/record/inbox/inbox.ts'
import { torchHere } from '../../support/here.ts'

const from = { host: 'web1', task: 'camera', run: null }
const yaml = `tasks:
  resize: {type: manual, command: cat, input: queue}
  empty: {type: manual, command: cat, input: queue}
  other: {schedule: "@daily", command: "true"}
`

/** A home without a daemon: two messages of `resize` wait, one is with a run, and one is dead. */
async function newHome() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-inbox-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const home = path.join(folder, 'home')
  fs.mkdirSync(home, { mode: 0o700 })
  const tasks = path.join(folder, 'tasks.yaml')
  fs.writeFileSync(tasks, yaml)
  const inbox = openInbox(thisMachine(), path.join(home, 'inbox'), () => {})
  const failed = { outcome: 'failed', isInterrupted: false, isKilled: false } as const
  const [dead = ''] = await putMessages(inbox, 'resize', ['/dead.jpg'], from)
  takeBatch(inbox, 'resize', 'r1', 'text')
  settleBatch(inbox, 'resize', 'r1', { ...failed, hasRetry: false, attempts: 0, attempt: 1 })
  const [taken = ''] = await putMessages(inbox, 'resize', ['/taken.jpg'], from)
  takeBatch(inbox, 'resize', 'r2', 'text')
  const [one = ''] = await putMessages(
    inbox,
    'resize',
    [`/\u001b[31m${'x'.repeat(80)}`, '/b\tc'],
    from,
  )
  const torch = (...words: string[]) => torchHere([...words, '--home', home, '--tasks', tasks])
  const json = async (...words: string[]) => JSON.parse((await torch(...words, '--json')).stdout)
  return { torch, json, ids: { dead, taken, one }, home }
}

describe('torch inbox', () => {
  test('torch inbox shows the tasks with a queue, also without a daemon', async () => {
    const { torch, json } = await newHome()
    const { stdout, status } = await torch('inbox')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^TASK +WAITING +OLDEST +IN WORK +DEAD\n/)
    expect(stdout).toMatch(/^empty +0 +0 +0$/m)
    expect(stdout).toMatch(/^resize +2 +\S+ +1 +1$/m)
    expect(await json('inbox')).toMatchObject([
      { task: 'empty', waiting: 0, bytes: 0, oldest: null, inWork: 0, dead: 0, bad: 0 },
      { task: 'resize', waiting: 2, bytes: 90, inWork: 1, dead: 1, bad: 0 },
    ])
  })

  test('torch inbox TASK shows each message, with control characters made visible', async () => {
    const { torch, json, ids } = await newHome()
    const { stdout } = await torch('inbox', 'resize')
    expect(stdout).toMatch(
      /^2 messages wait for resize \(90 B\), the oldest for .*; 1 in work, 1 dead/,
    )
    expect(stdout).toContain(`/\ufffd[31m${'x'.repeat(53)}…`)
    expect(stdout).toMatch(/^ID +FROM +AGE +TRIES +STATE +TEXT$/m)
    expect(stdout).toMatch(/camera@web1 .* in run r2 +\/taken.jpg/)
    expect(stdout).toMatch(/camera@web1 .* waiting +\/b c$/m)
    expect(stdout).not.toContain('/dead.jpg')
    expect(await json('inbox', 'resize', '--dead')).toMatchObject([
      {
        task: 'resize',
        messages: [{ id: ids.dead, state: 'dead', tries: 1, from, bytes: 9, text: '/dead.jpg' }],
      },
    ])
  })

  test('torch status TASK says how many messages wait', async () => {
    const { torch, json } = await newHome()
    expect((await torch('status', 'resize')).stdout).toMatch(
      /input +queue, 2 messages wait \(90 B\), the oldest for .*; 1 dead/,
    )
    const { tasks } = (await json('status', 'resize')) as { tasks: object[] }
    expect(tasks[0]).toMatchObject({ input: { mode: 'queue', waiting: 2, bytes: 90, dead: 1 } })
  })

  test('torch inbox shows what waits for a task that is no longer in the file, by its old name', async () => {
    const { torch, json, home } = await newHome()
    const inbox = openInbox(thisMachine(), path.join(home, 'inbox'), () => {})
    await putMessages(inbox, 'old-name', ['/kept.jpg'], from)
    expect((await torch('inbox')).stdout).toMatch(/^old-name +1 /m)
    expect(await json('inbox', 'old-name')).toMatchObject([
      { task: 'old-name', waiting: 1, messages: [{ text: '/kept.jpg' }] },
    ])
    expect((await torch('inbox', 'old-name', '--drop', 'all')).stdout).toBe(
      '1 message of old-name removed\n',
    )
  })

  test('--again lets dead messages wait again, and --drop removes messages', async () => {
    const { torch, json, ids } = await newHome()
    expect(await torch('inbox', 'resize', '--again', ids.dead.slice(0, 30))).toMatchObject({
      stdout: '1 message of resize waits again\n',
      status: 0,
    })
    expect(await torch('inbox', 'resize', '--drop', ids.one)).toMatchObject({
      stdout: '1 message of resize removed\n',
    })
    expect(await json('inbox', 'resize')).toMatchObject([{ waiting: 2, dead: 0 }])
    expect(await json('inbox', 'resize', '--drop', 'all')).toMatchObject({ task: 'resize' })
    expect(await json('inbox', 'resize')).toMatchObject([{ waiting: 0, inWork: 1 }])
  })

  test('torch inbox TASK says how to see and to remove dead messages', async () => {
    const { torch } = await newHome()
    const hint = 'hint: torch inbox resize --dead shows the dead ones\n'
    expect(await torch('inbox', 'resize')).toMatchObject({ status: 0, stderr: hint })
    expect(await torch('inbox', 'resize', '--dead')).toMatchObject({ status: 0, stderr: '' })
    expect(await torch('inbox', 'resize', '--drop', 'all')).toMatchObject({
      stdout: '2 messages of resize removed\n',
      stderr: '',
    })
    expect(await torch('inbox', 'resize', '--drop', 'all')).toEqual({
      status: 0,
      stdout: 'no message of resize waits\n',
      stderr: 'hint: torch inbox resize --dead --drop all removes 1 dead or damaged\n',
    })
    expect(await torch('inbox', 'resize', '--dead', '--drop', 'all')).toMatchObject({
      stdout: '1 message of resize removed\n',
    })
    expect(await torch('inbox', 'resize', '--again', 'all')).toEqual({
      status: 0,
      stdout: 'no message of resize is dead\n',
      stderr: '',
    })
    expect((await torch('inbox', 'resize')).stderr).toBe('')
  })

  test.each([
    [['inbox', 'other'], 2, 'torch: other takes no messages\nhint: give it input: queue'],
    [['inbox', 'nowhere'], 2, 'there is no task "nowhere"'],
    [['inbox', '--drop', 'all'], 2, 'need one task'],
    [['inbox', 'resize', '--drop'], 2, '--drop: needs a value\nhint: --drop all, or'],
    [['inbox', 'resize', '--again='], 2, '--again: needs a value\nhint: --again all, or'],
    [['inbox', 'resize', '--drop', 'all', '--again', 'all'], 2, 'exclude each other'],
    [['inbox', '--dead'], 2, '--dead needs a task'],
    [['inbox', 'resize', '--drop', '1999'], 1, 'no message of resize begins with "1999"'],
    [['inbox', 'resize', '--drop', '2'], 2, 'messages begin with "2"'],
  ])('torch %j exits with %i', async (words, status, message) => {
    const { torch } = await newHome()
    const ended = await torch(...words)
    expect(ended.stderr).toContain(message)
    expect(ended.status).toBe(status)
  })
})
