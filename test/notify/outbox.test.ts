import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import type { Entry, Letter } from '../../src/notify/entry-file.ts'
import { maxMessages, openOutbox } from '../../src/notify/outbox.ts'
import { newFaults } from '../../src/run/faults.ts'
import { handClock } from '../support/clock.ts'
import { messageOf } from '../support/notify.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

const none: ReadonlySet<string> = new Set()

function bench() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-outbox-'))
  made.push(home)
  const folder = path.join(home, 'outbox')
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const dropped: Entry[] = []
  const faulty: string[] = []
  const faults = newFaults(clock, (words) => faulty.push(words))
  const open = () =>
    openOutbox({
      host: { clock, files: diskFiles },
      ...{ folder, faults, onDropped: (entry) => dropped.push(entry), onReplaced() {} },
    })
  return { home, folder, clock, dropped, faulty, open }
}

function letter(id: string, target = 'ops'): Letter {
  return { kind: 'message', target, message: messageOf({ id }) }
}

const ping = (event: 'start' | 'ok' | 'failed', task = 'dump'): Letter => ({
  ...{ kind: 'ping', task, event, words: 'exit 0' },
})

test('the next daemon finds what was added, in order, with its attempts', () => {
  const { open, folder } = bench()
  const first = open()
  const one = first.add(letter('1'), none)
  first.add(letter('2', 'oncall'), none)
  if (one !== undefined) first.postpone(one, { waitedMs: 5, nextMs: 77, lastError: 'HTTP 500' })
  const next = open()
  expect(next.entries()).toMatchObject([
    { recipient: 'ops', attempts: 1, waitedMs: 5, nextMs: 77, lastError: 'HTTP 500' },
    { recipient: 'oncall', attempts: 0, waitedMs: 0, nextMs: null, lastError: null },
  ])
  expect(next.entries().map(next.letterOf)).toEqual([letter('1'), letter('2', 'oncall')])
  for (const entry of next.entries()) next.remove(entry)
  expect(fs.readdirSync(folder)).toEqual([])
})

test('a message that waits for a target is not added twice, also after a restart', () => {
  const { open } = bench()
  const first = open()
  expect(first.add(letter('1'), none)).toBeDefined()
  expect(first.add(letter('1'), none)).toBeUndefined()
  expect(first.add(letter('1', 'oncall'), none)).toBeDefined()
  expect(open().add(letter('1'), none)).toBeUndefined()
})

test('a full outbox drops its oldest entry, but none that is being sent', () => {
  const { open, dropped, folder } = bench()
  const outbox = open()
  const first = outbox.add(letter('0'), none)
  for (let n = 1; n < maxMessages; n++) outbox.add(letter(String(n)), none)
  expect(dropped).toEqual([])
  outbox.add(letter('last'), new Set([first?.name ?? '']))
  expect(dropped.map(({ name }) => name < (first?.name ?? ''))).toEqual([false])
  expect(outbox.entries()).toHaveLength(maxMessages)
  expect(fs.readdirSync(folder)).toHaveLength(maxMessages)
})

test('pings never take the place of messages, and are sent behind them', () => {
  const { open, dropped, folder } = bench()
  const outbox = open()
  outbox.add(ping('ok', 'first'), none)
  for (let n = 0; n < maxMessages; n++) outbox.add(letter(String(n)), none)
  for (let n = 0; n < 200; n++) outbox.add(ping('start', `task-${n}`), none)
  expect(dropped).toEqual([])
  const kinds = outbox.entries().map(({ recipient }) => recipient)
  expect(kinds.indexOf('ping first')).toBe(maxMessages)
  expect(kinds).toHaveLength(maxMessages + 201)
  expect(outbox.waitingFor('ping first')).toHaveLength(1)
  expect(open().entries()).toHaveLength(fs.readdirSync(folder).length)
})

test('a newer ping replaces the one that waits for the same task; a start is only in memory', () => {
  const { open } = bench()
  const outbox = open()
  outbox.add(ping('start'), none)
  expect(open().entries()).toEqual([])
  const failed = outbox.add(ping('failed'), none)
  outbox.add(ping('ok', 'other'), none)
  expect(outbox.entries().map(outbox.letterOf)).toEqual([ping('failed'), ping('ok', 'other')])
  outbox.add(ping('ok'), new Set([failed?.name ?? '']))
  expect(open().entries()).toHaveLength(3)
})

test('names stay in order if the clock is set back', () => {
  const { open, clock } = bench()
  const outbox = open()
  outbox.add(letter('1'), none)
  clock.set(0)
  for (const id of ['2', '3', '4']) outbox.add(letter(id), none)
  const next = open()
  expect(next.entries().map((entry) => next.letterOf(entry))).toMatchObject(
    ['1', '2', '3', '4'].map((id) => ({ message: { id } })),
  )
})

test('files that are damaged, or too large, are removed; other files stay', () => {
  const { open, folder } = bench()
  open().add(letter('1'), none)
  const bad = (digit: string) =>
    path.join(folder, `${digit.repeat(15)}-0001-${'a'.repeat(16)}.json`)
  fs.writeFileSync(bad('2'), '{"version":1,"letter":{"kind":"message"}}')
  fs.writeFileSync(bad('3'), 'x'.repeat(100_000))
  fs.mkdirSync(bad('4'))
  fs.writeFileSync(path.join(folder, 'note'), '')
  expect(open().entries()).toHaveLength(1)
  expect(fs.readdirSync(folder)).toHaveLength(2)
})

test('what the disk refuses waits in memory and is reported', () => {
  const { open, home, faulty } = bench()
  fs.writeFileSync(path.join(home, 'outbox'), '')
  const outbox = open()
  outbox.add(letter('1'), none)
  expect(outbox.entries().map(outbox.letterOf)).toEqual([letter('1')])
  expect(faulty).toHaveLength(1)
  const [entry] = outbox.entries()
  if (entry) outbox.postpone(entry, { waitedMs: 5, nextMs: 1, lastError: 'x' })
  expect(outbox.entries().map(outbox.letterOf)).toEqual([letter('1')])
  for (const each of outbox.entries()) outbox.remove(each)
  expect(outbox.entries()).toEqual([])
})

test('texts that are too long are cut: of the output the end stays', () => {
  const { open } = bench()
  const outbox = open()
  const output = `${'x'.repeat(10_000)}end`
  const message = messageOf({ id: '1', output, reason: 'r'.repeat(100_000) })
  const entry = outbox.add({ kind: 'message', target: 'ops', message }, none)
  const read = entry && outbox.letterOf(entry)
  expect(read).toMatchObject({ message: { output: output.slice(-4096) } })
  expect(JSON.stringify(read).length).toBeLessThan(20_000)
})

test('a digest replaces its messages, also after a crash before they were removed, and they are known', () => {
  const { open, folder } = bench()
  const first = open()
  for (const id of ['1', '2', '3']) first.add(letter(id), none)
  first.add(letter('1', 'other'), none)
  const copies = fs.readdirSync(folder).map((name) => {
    const file = path.join(folder, name)
    return [file, fs.readFileSync(file)] as const
  })
  const message = messageOf({ id: 'd', kind: 'digest', task: null, ids: ['1', '2'] })
  const both = first.waitingFor('ops').slice(0, 2)
  const digest: Letter = { kind: 'message', target: 'ops', message }
  expect(first.replace(both, digest)).toMatchObject({ recipient: 'ops', task: null })
  const left = ['ops 3', 'other 1', 'ops d']
  const names = (outbox: ReturnType<typeof open>): string[] =>
    outbox.entries().map((entry) => {
      const found = outbox.letterOf(entry)
      return found?.kind === 'message' ? `${found.target} ${found.message.id}` : ''
    })
  expect(names(first)).toEqual(left)
  expect(first.add(letter('2'), none)).toBeUndefined()
  for (const [file, text] of copies) fs.writeFileSync(file, text)
  const next = open()
  expect(names(next)).toEqual(left)
  expect(next.add(letter('2'), none)).toBeUndefined()
  expect(fs.readdirSync(folder)).toHaveLength(3)
})

test('a digest has waited as long as its newest message, so none is given up early', () => {
  const { open } = bench()
  const outbox = open()
  const first = outbox.add(letter('1'), none)
  outbox.add(letter('2'), none)
  if (first !== undefined)
    outbox.postpone(first, { waitedMs: 84_000_000, nextMs: null, lastError: 'HTTP 503' })
  const message = messageOf({ id: 'd', kind: 'digest', ids: ['1', '2'] })
  const digest = outbox.replace(outbox.entries(), { kind: 'message', target: 'ops', message })
  expect(digest).toMatchObject({ waitedMs: 0 })
})

test('a digest of a thousand messages fits into its file', () => {
  const { open } = bench()
  const ids = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(32, '0'))
  const message = messageOf({ id: 'd', kind: 'digest', reason: '\u0001'.repeat(8_000), ids })
  open().add({ kind: 'message', target: 'ops', message }, none)
  expect(open().entries()).toHaveLength(1)
})
