import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Host, thisMachine } from '../../../src/host/host.ts'
import { maxWaiting } from '../../../src/plan/messages.ts'
import {
  putBack,
  runsWithMessages,
  settleBatch,
  takeAgain,
  takeBatch,
} from '../../../src/record/inbox/batch.ts'
import { type Inbox, openInbox, putMessages } from '../../../src/record/inbox/inbox.ts'
import {
  countMessages,
  dropMessages,
  keptMessages,
  sendAgain,
} from '../../../src/record/inbox/kept.ts'

const from = { host: 'a', task: null, run: null }
const failed = {
  ...({ outcome: 'failed', isInterrupted: false, isKilled: false } as const),
  ...{ hasRetry: false, attempts: 0, attempt: 1 },
}
const ok = { ...failed, outcome: 'ok' } as const

/** An inbox in a folder of its own; `reopened` is one that has read nothing yet. */
function newInbox(changes: Partial<Host> = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-inbox-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const damaged: string[] = []
  const open = (others: Partial<Host> = changes): Inbox =>
    openInbox({ ...thisMachine(), ...others }, folder, (task, id, why) =>
      damaged.push(`${task} ${id}: ${why}`),
    )
  return {
    ...{ folder, damaged, open, inbox: open() },
    files: (place: string) =>
      fs.existsSync(path.join(folder, place)) ? fs.readdirSync(path.join(folder, place)) : [],
  }
}

const texts = (inbox: Inbox, task: string) =>
  keptMessages(inbox, task, ['new', 'taken', 'dead']).map(({ place, tries, message }) =>
    [place, message?.text, ...(tries > 0 ? [tries] : [])].join(' '),
  )

test('a message is a file with a line about it and its text, for the owner alone', async () => {
  const { inbox, folder } = newInbox()
  const [id = ''] = await putMessages(inbox, 'resize', ['/a b.jpg'], { ...from, task: 'cam' })
  const file = path.join(folder, 'resize/new', id)
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.statSync(path.join(folder, 'resize')).mode & 0o777).toBe(0o700)
  const [head = '', text] = fs.readFileSync(file, 'utf8').split('\n')
  expect(JSON.parse(head)).toMatchObject({
    id,
    from: { host: 'a', task: 'cam', run: null },
    bytes: 8,
  })
  expect(text).toBe('/a b.jpg')
  expect(fs.readdirSync(path.join(folder, 'resize/tmp'))).toEqual([])
})

test('messages are taken in the order in which they were sent, also by a process that reads them anew', async () => {
  const { inbox, open } = newInbox()
  const sent = Array.from({ length: 100 }, (_, at) => `message ${at}`)
  await Promise.all([
    ...sent.slice(0, 20).map((text) => putMessages(inbox, 'a', [text], from)),
    putMessages(inbox, 'a', sent.slice(20), from),
  ])
  const batch = takeBatch(open(), 'a', 'run', 'text')
  expect(batch.text).toBe(`${sent.join('\n')}\n`)
  expect(batch.ids).toHaveLength(100)
})

test('a clock that is set back does not change the order', async () => {
  const { folder } = newInbox()
  let now = Date.parse('2026-03-10T12:00:00Z')
  const machine = thisMachine()
  const host = { ...machine, clock: { ...machine.clock, now: () => now } }
  await putMessages(
    openInbox(host, folder, () => {}),
    'a',
    ['first'],
    from,
  )
  now -= 3_600_000
  const later = openInbox(host, folder, () => {})
  await putMessages(later, 'a', ['second'], from)
  await putMessages(later, 'a', ['third'], from)
  expect(takeBatch(later, 'a', 'run', 'text').text).toBe('first\nsecond\nthird\n')
})

test('what another process adds is seen at the next look', async () => {
  const { inbox, open } = newInbox()
  await putMessages(inbox, 'a', ['one'], from)
  expect(countMessages(inbox, 'a').waiting).toBe(1)
  await putMessages(open(), 'a', ['two', 'three'], from)
  inbox.waiting.look('a')
  expect(countMessages(inbox, 'a')).toMatchObject({ waiting: 3, bytes: 11, inWork: 0, dead: 0 })
})

test('a queue that is full refuses a message, and takes it once there is room', async () => {
  const { inbox, folder } = newInbox()
  const fresh = path.join(folder, 'a/new')
  fs.mkdirSync(fresh, { recursive: true })
  const nameOf = (at: number) =>
    path.join(fresh, `20260310T120000.000-0000${String(at).padStart(6, '0')}`)
  fs.writeFileSync(nameOf(0), '')
  for (let at = 1; at < maxWaiting - 1; at++) fs.linkSync(nameOf(0), nameOf(at))
  await putMessages(inbox, 'a', ['the last one'], from)
  await expect(putMessages(inbox, 'a', ['one too many'], from)).rejects.toMatchObject({
    code: 'inbox-full',
    message: expect.stringContaining('10000 messages wait already') as string,
  })
  expect(fs.readdirSync(fresh)).toHaveLength(maxWaiting)
  await dropMessages(inbox, 'a', ['new'], '20260310T120000.000-0000000000')
  await putMessages(inbox, 'a', ['now it fits'], from)
})

test('if the disk is full, no message of a request is there, and what waits stays', async () => {
  const machine = thisMachine()
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  let writes = 0
  const files: Host['files'] = {
    ...machine.files,
    async writeAsync(file, content) {
      writes += 1
      if (writes > 4) {
        fs.writeFileSync(file, 'half')
        throw noSpace
      }
      await machine.files.writeAsync(file, content)
    },
  }
  const { inbox, files: names } = newInbox({ files })
  await putMessages(inbox, 'a', ['one'], from)
  await expect(putMessages(inbox, 'a', ['2', '3', '4', '5', '6'], from)).rejects.toMatchObject({
    code: 'inbox-unwritable',
    exit: 1,
  })
  expect(texts(inbox, 'a')).toEqual(['new one'])
  expect(names('a/tmp')).toEqual([])
})

test.each([
  [
    'a flipped bit',
    (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1),
  ],
  ['a damaged first line', (bytes: Buffer) => bytes.writeUInt8(0, 3)],
  ['a text that is cut', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['an empty file', () => Buffer.alloc(0)],
])('a file with %s goes to bad, and the next message is taken', async (_, damage) => {
  const { inbox, folder, damaged, files } = newInbox()
  const [id = ''] = await putMessages(inbox, 'a', ['broken', 'whole'], from)
  const file = path.join(folder, 'a/new', id)
  const bytes = fs.readFileSync(file)
  const changed = damage(bytes)
  fs.writeFileSync(file, Buffer.isBuffer(changed) ? changed : bytes)
  expect(takeBatch(inbox, 'a', 'run', 'text').text).toBe('whole\n')
  expect(files('a/bad')).toEqual([id])
  expect(damaged).toEqual([expect.stringContaining(id)])
  expect(damaged.join()).not.toContain('broken')
  expect(countMessages(inbox, 'a')).toMatchObject({ waiting: 0, inWork: 1, bad: 1 })
})

test('the messages of a run that was ok are gone', async () => {
  const { inbox, files } = newInbox()
  await putMessages(inbox, 'a', ['one', 'two'], from)
  takeBatch(inbox, 'a', 'run', 'text')
  expect(settleBatch(inbox, 'a', 'run', ok)).toMatchObject({ done: 2 })
  expect([texts(inbox, 'a'), files('a/taken')]).toEqual([[], []])
})

test('every attempt gets the same messages, which are dead after the last one', async () => {
  const { inbox, open } = newInbox()
  await putMessages(inbox, 'a', ['poison'], from)
  const retry = { ...failed, attempts: 2 }
  const read = (text: string): unknown => (JSON.parse(text) as { tries?: number }).tries
  expect(read(takeBatch(inbox, 'a', 'r1', 'json').text)).toBeUndefined()
  expect(settleBatch(inbox, 'a', 'r1', { ...retry, hasRetry: true })).toMatchObject({ again: 1 })
  await putMessages(inbox, 'a', ['later'], from)
  const second = { before: 'r1', run: 'r2', attempt: 2, format: 'json' } as const
  expect(read(takeAgain(inbox, 'a', second).text)).toBe(2)
  settleBatch(inbox, 'a', 'r2', { ...retry, hasRetry: true, attempt: 2 })
  expect(read(takeAgain(inbox, 'a', { ...second, before: 'r2', run: 'r3', attempt: 3 }).text)).toBe(
    3,
  )
  expect(settleBatch(inbox, 'a', 'r3', { ...retry, attempt: 3 })).toMatchObject({ dead: 1 })
  expect(texts(open(), 'a')).toEqual(['dead poison 3', 'new later'])
  expect(await sendAgain(inbox, 'a', 'all')).toHaveLength(1)
  expect(takeBatch(inbox, 'a', 'r4', 'text').text).toBe('poison\nlater\n')
})

test('a retry whose messages are all damaged leaves no folder behind', async () => {
  const { inbox, folder, files } = newInbox()
  const [id = ''] = await putMessages(inbox, 'a', ['one'], from)
  takeBatch(inbox, 'a', 'r1', 'text')
  settleBatch(inbox, 'a', 'r1', { ...failed, attempts: 1, hasRetry: true })
  fs.writeFileSync(path.join(folder, 'a/taken/r1', id), 'junk')
  const second = { before: 'r1', run: 'r2', attempt: 2, format: 'text' } as const
  expect(takeAgain(inbox, 'a', second)).toEqual({ ids: [], text: '' })
  expect(putBack(inbox, 'a', 'r2', 1)).toBe(0)
  expect([files('a/taken'), files('a/bad')]).toEqual([[], [id]])
})

test('the tries of a message count over all runs that had it', async () => {
  const { inbox } = newInbox()
  await putMessages(inbox, 'a', ['one'], from)
  const retry = { ...failed, attempts: 1 }
  takeBatch(inbox, 'a', 'r1', 'text')
  expect(settleBatch(inbox, 'a', 'r1', { ...retry, outcome: 'unknown' })).toMatchObject({ back: 1 })
  expect(texts(inbox, 'a')).toEqual(['new one 1'])
  takeBatch(inbox, 'a', 'r2', 'text')
  expect(settleBatch(inbox, 'a', 'r2', { ...retry, hasRetry: true })).toMatchObject({ dead: 1 })
})

test('the messages of a run that never began take their old places, uncounted', async () => {
  const { inbox, open } = newInbox()
  await putMessages(inbox, 'a', ['one', 'two'], from)
  takeBatch(inbox, 'a', 'run', 'text')
  await putMessages(inbox, 'a', ['three'], from)
  const next = open()
  expect(runsWithMessages(next, 'a')).toEqual(['run'])
  putBack(next, 'a', 'run', 0)
  expect(texts(next, 'a')).toEqual(['new one', 'new two', 'new three'])
  expect(takeBatch(next, 'a', 'next', 'text').text).toBe('one\ntwo\nthree\n')
})

test('a run gets at most 1,000 messages and 1 MB; the rest waits', async () => {
  const { inbox } = newInbox()
  await putMessages(
    inbox,
    'a',
    Array.from({ length: 40 }, () => 'x'.repeat(60_000)),
    from,
  )
  expect(takeBatch(inbox, 'a', 'run', 'text').ids).toHaveLength(16)
  expect(countMessages(inbox, 'a')).toMatchObject({ waiting: 24, bytes: 24 * 60_000, inWork: 16 })
})

test('one of several messages is named by the beginning of its id', async () => {
  const { inbox } = newInbox()
  const [first = '', second = ''] = await putMessages(inbox, 'a', ['one', 'two'], from)
  await expect(dropMessages(inbox, 'a', ['new'], first.slice(0, 8))).rejects.toThrow(
    '2 messages begin',
  )
  await expect(dropMessages(inbox, 'a', ['new'], '1999')).rejects.toThrow('no message of a begins')
  expect(await dropMessages(inbox, 'a', ['new'], second)).toEqual([second])
  expect(texts(inbox, 'a')).toEqual(['new one'])
})

test('a message of a later version is taken: fields that nobody knows yet are ignored', async () => {
  const { inbox, folder } = newInbox()
  const [id = ''] = await putMessages(inbox, 'a', ['one'], from)
  const file = path.join(folder, 'a/new', id)
  const [head = '', text] = fs.readFileSync(file, 'utf8').split('\n')
  const later = { ...JSON.parse(head), priority: 'x'.repeat(1000), from: { ...from, user: 'www' } }
  fs.writeFileSync(file, `${JSON.stringify(later)}\n${text}`)
  expect(keptMessages(inbox, 'a', ['new'])).toMatchObject([{ message: { from, text: 'one' } }])
  expect(takeBatch(inbox, 'a', 'run', 'text').text).toBe('one\n')
  // It stays as it was written.
  expect(fs.readFileSync(path.join(folder, 'a/taken/run', id), 'utf8')).toContain('priority')
})

test('a message as torch 0.1.0 writes it is read', () => {
  const { inbox, folder } = newInbox()
  const id = '20260310T120000.000-0000abcdef'
  const sum = 'c384042643c4cd1c094a6a6c4e47589c4634842ff6c87d5262b58eb9a0f528d0'
  fs.mkdirSync(path.join(folder, 'a/new'), { recursive: true })
  fs.writeFileSync(
    path.join(folder, 'a/new', `${id},2`),
    `{"id":"${id}","at":"2026-03-10T12:00:00.000Z","from":{"host":"a","task":null,"run":null},"bytes":8,"sha256":"${sum}"}\n/a b.jpg`,
  )
  expect(keptMessages(inbox, 'a', ['new'])).toMatchObject([
    { id, tries: 2, message: { at: '2026-03-10T12:00:00.000Z', from, text: '/a b.jpg' } },
  ])
})

test('many messages are dropped or sent again in pieces, and a run may take some in between', async () => {
  const all = Array.from({ length: 100 }, (_, at) => `${at}`)
  const { inbox: plain, folder, files } = newInbox()
  const sent = await putMessages(plain, 'a', all, from)
  takeBatch(plain, 'a', 'r1', 'text')
  settleBatch(plain, 'a', 'r1', failed)

  // By this clock each change of a file takes 3 ms.
  const machine = thisMachine()
  let now = 0
  let steps = 0
  const pieces: number[] = []
  let between = async (): Promise<void> => {}
  const slow = <A extends unknown[]>(act: (...words: A) => void) => {
    return (...words: A): void => {
      act(...words)
      now += 3
      steps += 1
    }
  }
  const { rename, unlink } = machine.files
  const inbox = openInbox(
    {
      ...machine,
      files: { ...machine.files, rename: slow(rename), unlink: slow(unlink) },
      clock: {
        ...machine.clock,
        monotonic: () => now,
        async turn() {
          pieces.push(steps)
          steps = 0
          await between()
        },
      },
    },
    folder,
    () => {},
  )
  expect(await sendAgain(inbox, 'a', 'all')).toEqual(sent)
  expect(Math.max(...pieces)).toBe(4)
  expect(inbox.waiting.amount('a').count).toBe(100)

  let taken: readonly string[] = []
  between = async () => {
    if (taken.length === 0) taken = takeBatch(inbox, 'a', 'r2', 'text').ids
    steps = 0
  }
  const dropped = await dropMessages(inbox, 'a', ['new'], 'all')
  expect([...dropped, ...taken]).toEqual(sent)
  expect(dropped.length).toBe(4)
  expect([countMessages(inbox, 'a').waiting, files('a/taken/r2').length]).toEqual([0, 96])
  putBack(inbox, 'a', 'r2', 0)
  ;[steps, pieces.length] = [0, 0]
  await dropMessages(inbox, 'a', ['new'], 'all')
  expect([Math.max(...pieces), files('a/new')]).toEqual([4, []])
})
