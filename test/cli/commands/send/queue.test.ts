import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../../../src/host/host.ts'
import { maxWaiting } from '../../../../src/plan/messages.ts'
import { openInbox } from '../../../../src/record/inbox/inbox.ts'
import { maxLineBytes } from '../../../../src/text/line-fault.ts'
import { keptMessages } from '../../../../src/record/inbox/kept.ts'
import { fakeTerminal, torchHere } from '../../../support/here.ts'

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
    /** `torch send resize` with this standard input, which comes in pieces of 3 bytes. */
    sendInput(input: Buffer) {
      const pieces = Array.from({ length: Math.ceil(input.length / 3) }, (_, at) =>
        input.subarray(at * 3, at * 3 + 3),
      )
      const terminal = Object.assign(fakeTerminal(), {
        input: async function* () {
          yield* input.length > 1000 ? [input] : pieces
        },
      })
      return torchHere(['send', 'resize', '--home', home, '--tasks', tasks], { terminal })
    },
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
    [['send', 'resize', 'x\ufffdy'], 2, 'word 1 has U+FFFD'],
    [['send', 'resize', 'x', '--end'], 2, 'has a queue'],
  ])('torch %j is refused, and nothing is written', async (words, status, message) => {
    const { torch, home } = newSite()
    const ended = await torch(...words)
    expect(ended.stderr).toContain(message)
    expect(ended.status).toBe(status)
    expect(fs.existsSync(path.join(home, 'inbox'))).toBe(false)
  })

  test.each([
    ['the last line may lack its line break', 'one\ntwo', ['one', 'two']],
    ['a carriage return is a part of the message', 'one\r\ntwo\r\n', ['one\r', 'two\r']],
    ['an empty line is an empty message', '\n\nx\n', ['', '', 'x']],
    ['no line is no message', '', []],
    ['a character may come in pieces', 'ää€\n', ['ää€']],
    ['a line may have 64 KiB', `${'x'.repeat(maxLineBytes)}\n`, ['x'.repeat(maxLineBytes)]],
  ])('of standard input, each line is a message: %s', async (_, input, texts) => {
    const { sendInput, waiting } = newSite()
    const { status, stdout } = await sendInput(Buffer.from(input))
    const count = texts.length === 1 ? '1 message waits' : `${texts.length} messages wait`
    expect([status, stdout]).toEqual([0, `${count} for resize\n`])
    expect(waiting('resize').map((message) => message?.text)).toEqual(texts)
  })

  test.each([
    [
      'that is not UTF-8',
      Buffer.from('one\nb\xffc\nthree\n', 'latin1'),
      'line 2 of standard input is not UTF-8',
    ],
    ['with a NUL', Buffer.from('one\na\0b\n'), 'line 2 of standard input has a NUL character'],
    [
      'of more than 64 KiB',
      Buffer.from(`one\n${'x'.repeat(maxLineBytes + 1)}\n`),
      'has 65537 bytes, and at most 65536 are sent',
    ],
  ])('a line %s is refused, and the lines before it are sent', async (_, input, message) => {
    const { sendInput, waiting } = newSite()
    const ended = await sendInput(input)
    expect(ended.stderr).toContain(message)
    expect(ended.stderr).toContain('; this line and all after it are not sent\n')
    expect([ended.status, ended.stdout]).toEqual([2, '1 message waits for resize\n'])
    expect(waiting('resize').map((each) => each?.text)).toEqual(['one'])
  })

  test('if the first line is bad, nothing is said to wait', async () => {
    const { sendInput } = newSite()
    expect(await sendInput(Buffer.from([0xff, 10]))).toMatchObject({ status: 2, stdout: '' })
  })

  test('a queue that becomes full takes what finds room, and torch says where to continue', async () => {
    const { sendInput, torch, home } = newSite()
    await torch('send', 'resize', 'old')
    const folder = path.join(home, 'inbox/resize/new')
    // As many as leave room for three.
    for (let at = 0; at < maxWaiting - 4; at++)
      fs.symlinkSync(
        '.',
        path.join(folder, `20200101T000000.000-${at.toString(16).padStart(10, '0')}`),
      )
    expect(await sendInput(Buffer.from('a\nb\nc\nd\ne\n'))).toEqual({
      status: 1,
      stdout: '3 messages wait for resize\n',
      stderr:
        'torch: the queue of resize is full: 10000 messages wait already, at most 10000 may; ' +
        'line 4 and all after it are not sent\n' +
        'hint: send again when resize has taken some of them; torch inbox resize shows them\n',
    })
    const words = await torch('send', 'r*', 'x')
    expect(words).toMatchObject({ status: 1, stdout: '1 message waits for rotate\n' })
    expect(words.stderr).not.toContain('not sent')
  })

  test('an error in the middle of standard input is an error, and the lines before it are sent', async () => {
    const { waiting, home } = newSite()
    const terminal = Object.assign(fakeTerminal(), {
      input: async function* () {
        yield Buffer.from('one\ntwo\nthr')
        throw new Error('EIO: i/o error, read')
      },
    })
    const tasks = path.join(home, '../tasks.yaml')
    const ended = await torchHere(['send', 'resize', '--home', home, '--tasks', tasks], {
      terminal,
    })
    expect(ended).toMatchObject({ status: 1, stdout: '2 messages wait for resize\n' })
    expect(ended.stderr).toContain(
      'torch: standard input cannot be read after line 2: EIO: i/o error, read\nhint: ',
    )
    expect(waiting('resize').map((each) => each?.text)).toEqual(['one', 'two'])
  })
})
