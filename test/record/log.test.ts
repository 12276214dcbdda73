import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Log, openLog, withPriority } from '../../src/record/log.ts'
import { newFolder } from '../support/history.ts'
import { makeFullFile } from '../support/disk.ts'

function openTestLog(file = path.join(newFolder(), 'daemon.log'), level?: string) {
  const log = openLog({ file }, level)
  onTestFinished(() => log.close())
  return { log, file, lines: () => linesOf(file) }
}

function linesOf(file: string): Record<string, unknown>[] {
  const text = fs.readFileSync(file, 'utf8')
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('a line', () => {
  test('a line is one JSON object with event, facts and message', () => {
    const { log, lines } = openTestLog()
    log.info('start', { task: 'backup', run: 'r1', slot: '2026-03-08T07:00:00Z' }, 'backup starts')
    expect(lines()).toEqual([
      {
        level: 30,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        pid: process.pid,
        event: 'start',
        task: 'backup',
        run: 'r1',
        slot: '2026-03-08T07:00:00Z',
        msg: 'backup starts',
      },
    ])
  })

  test('a line has its level, and stays one line whatever is in it', () => {
    const { log, lines } = openTestLog()
    log.warn('trouble', { event: 'mine', words: 'a\nb' }, 'two\nlines')
    log.error('trouble', {}, 'bad')
    expect(lines()).toMatchObject([
      { level: 40, event: 'trouble', words: 'a\nb', msg: 'two\nlines' },
      { level: 50, event: 'trouble', msg: 'bad' },
    ])
  })

  test('lines below the level are not written', () => {
    const { log, lines } = openTestLog(undefined, 'warn')
    log.info('start', {}, 'no')
    log.warn('skip', {}, 'yes')
    expect(lines().map((line) => line['msg'])).toEqual(['yes'])
  })

  test('facts that contain themselves do no harm', () => {
    const { log, lines } = openTestLog()
    const facts: Record<string, unknown> = { task: 'a' }
    facts['self'] = facts
    log.info('start', facts, 'round')
    expect(lines()[0]).toMatchObject({ task: 'a', msg: 'round' })
  })
})

test.each([
  [20, '<7>'],
  [30, '<6>'],
  [40, '<4>'],
  [50, '<3>'],
  [60, '<3>'],
])('for the journal a line of level %i begins with %s', (level, priority) => {
  const line = `{"level":${level},"msg":"a"}\n`
  expect(withPriority(line)).toBe(priority + line)
})

describe('the file', () => {
  test('the log is for its owner only, and an existing log is appended to', () => {
    const { log, file } = openTestLog()
    log.info('a', {}, 'one')
    log.close()
    const again = openTestLog(file)
    again.log.info('b', {}, 'two')
    expect(linesOf(file).map((line) => line['event'])).toEqual(['a', 'b'])
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  })

  test('a log that cannot be opened is an error that says why and what to check', () => {
    const file = path.join(newFolder(), 'missing/daemon.log')
    expect(() => openLog({ file })).toThrow(
      expect.objectContaining({
        code: 'log-unwritable',
        exit: 1,
        message: `cannot write the log: ENOENT: no such file or directory, open '${file}'`,
        hint: 'check that its directory exists and may be written',
      }),
    )
  })

  test('an unknown level is an error that names the known levels', () => {
    expect(() => openLog({ file: '/dev/null' }, 'loud')).toThrow(
      expect.objectContaining({
        code: 'log-level',
        exit: 2,
        message: 'unknown log level "loud"',
        hint: 'use one of trace, debug, info, warn, error, fatal, silent',
      }),
    )
  })

  test('reopen continues in a new file after a rename', () => {
    const { log, file } = openTestLog()
    log.info('a', {}, 'one')
    fs.renameSync(file, `${file}.1`)
    log.info('b', {}, 'two')
    log.reopen()
    log.info('c', {}, 'three')
    expect(linesOf(`${file}.1`).map((line) => line['event'])).toEqual(['a', 'b'])
    expect(linesOf(file).map((line) => line['event'])).toEqual(['reopen', 'c'])
  })

  test('a log that was removed is created again within a second', () => {
    const { log, file, lines } = openTestLog()
    log.info('a', {}, 'one')
    fs.rmSync(file)
    const later = vi.spyOn(process.hrtime, 'bigint').mockReturnValue(2n ** 62n)
    onTestFinished(() => later.mockRestore())
    log.info('b', {}, 'two')
    expect(lines()).toMatchObject([
      { level: 40, event: 'reopen', msg: 'the log was removed; this is a new one' },
      { event: 'b' },
    ])
  })

  test('reopen keeps the old file if it cannot open a new one, and says so', () => {
    const { log, file } = openTestLog()
    fs.renameSync(file, `${file}.1`)
    fs.mkdirSync(file)
    log.reopen()
    log.info('a', {}, 'still here')
    const [reopen, after] = linesOf(`${file}.1`)
    expect(reopen).toMatchObject({ level: 50, event: 'reopen' })
    expect(reopen?.['msg']).toMatch(/^cannot write the log: EISDIR.*; the old file stays in use$/)
    expect(after).toMatchObject({ event: 'a' })
  })
})

describe('a full disk', () => {
  test('a full disk stops nothing, and the lost lines are counted when there is room again', ({
    skip,
  }) => {
    const file = path.join(newFolder(), 'daemon.log')
    if (!makeFullFile(file)) skip()
    const { log } = openTestLog(file)
    for (let n = 0; n < 1000; n += 1) log.info('start', { n }, 'lost')
    fs.unlinkSync(file)
    log.reopen()
    log.info('start', {}, 'kept')
    expect(linesOf(file)).toMatchObject([
      { level: 40, event: 'lost', lines: 1000, msg: '1000 log lines could not be written' },
      { event: 'reopen' },
      { event: 'start', msg: 'kept' },
    ])
  })

  test('after close nothing is written and nothing fails', () => {
    const { log, lines } = openTestLog()
    log.close()
    log.info('late', {}, 'too late')
    log.close()
    expect(lines()).toEqual([])
  })
})

describe('on stdout', () => {
  /** What a log writes to descriptor 1. */
  function stdoutOf(pretty: boolean, say: (log: Log) => void): string {
    let text = ''
    const write = vi
      .spyOn(fs, 'writeSync')
      .mockImplementation((descriptor: number, bytes: unknown) => {
        expect(descriptor).toBe(1)
        text += Buffer.from(bytes as Uint8Array).toString()
        return (bytes as Uint8Array).length
      })
    onTestFinished(() => write.mockRestore())
    const log = openLog({ descriptor: 1, pretty })
    say(log)
    log.close()
    return text
  }

  test('on stdout a line is JSON for a collector', () => {
    const text = stdoutOf(false, (log) => log.info('start', { task: 'a' }, 'a starts'))
    expect(JSON.parse(text)).toMatchObject({ event: 'start', task: 'a', msg: 'a starts' })
  })

  test('on a terminal no text makes a second line, or turns the writing', () => {
    const name = 'x\n[12:00:00.000] INFO: forged \u202e'
    const text = stdoutOf(true, (log) => {
      log.warn('start', { task: 'a', why: [name] }, `a failed: ${name}`)
    })
    expect(text.split('\n')).toHaveLength(2)
    expect(text).not.toContain('\u202e')
    expect(text).toContain('a failed: x\ufffd[12')
  })

  test('on a terminal a line is readable for a person', () => {
    const text = stdoutOf(true, (log) => log.info('start', { task: 'a' }, 'a starts'))
    expect(text).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: a starts \{"task":"a"\}\n$/)
  })

  test('reopen leaves stdout as it is', () => {
    expect(stdoutOf(false, (log) => log.reopen())).toContain('log reopened')
  })
})
