import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openLineFile } from '../../src/record/line-file.ts'
import { type Log, openLog } from '../../src/record/log.ts'
import { newFolder } from './support.ts'

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
  test('is one JSON object with event, facts and words', () => {
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

  test('has its level, and stays one line whatever is in it', () => {
    const { log, lines } = openTestLog()
    log.warn('trouble', { event: 'mine', words: 'a\nb' }, 'two\nlines')
    log.error('trouble', {}, 'bad')
    expect(lines()).toMatchObject([
      { level: 40, event: 'trouble', words: 'a\nb', msg: 'two\nlines' },
      { level: 50, event: 'trouble', msg: 'bad' },
    ])
  })

  test('below the level is left out', () => {
    const { log, lines } = openTestLog(undefined, 'warn')
    log.info('start', {}, 'no')
    log.warn('skip', {}, 'yes')
    expect(lines().map((line) => line['msg'])).toEqual(['yes'])
  })

  test('that holds itself does no harm', () => {
    const { log, lines } = openTestLog()
    const facts: Record<string, unknown> = { task: 'a' }
    facts['self'] = facts
    log.info('start', facts, 'round')
    expect(lines()[0]).toMatchObject({ task: 'a', msg: 'round' })
  })
})

describe('the file', () => {
  test('is for its owner, and appended to', () => {
    const { log, file } = openTestLog()
    log.info('a', {}, 'one')
    log.close()
    const again = openTestLog(file)
    again.log.info('b', {}, 'two')
    expect(linesOf(file).map((line) => line['event'])).toEqual(['a', 'b'])
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  })

  test('that cannot be opened is an error for a person', () => {
    const file = path.join(newFolder(), 'missing/daemon.log')
    expect(() => openLog({ file })).toThrow(
      expect.objectContaining({
        code: 'log-unwritable',
        exit: 1,
        message: `cannot write the log: ENOENT: no such file or directory, open '${file}'`,
        hint: 'see who may write there, and whether the folder exists',
      }),
    )
  })

  test('a level that is none is an error for a person', () => {
    expect(() => openLog({ file: '/dev/null' }, 'loud')).toThrow(
      expect.objectContaining({
        code: 'log-level',
        exit: 2,
        message: 'unknown log level "loud"',
        hint: 'use one of trace, debug, info, warn, error, fatal, silent',
      }),
    )
  })

  test('reopen goes on in a new one after a rename', () => {
    const { log, file } = openTestLog()
    log.info('a', {}, 'one')
    fs.renameSync(file, `${file}.1`)
    log.info('b', {}, 'two')
    log.reopen()
    log.info('c', {}, 'three')
    expect(linesOf(`${file}.1`).map((line) => line['event'])).toEqual(['a', 'b'])
    expect(linesOf(file).map((line) => line['event'])).toEqual(['reopen', 'c'])
  })

  test('that is removed is begun anew, within a second', () => {
    const { log, file, lines } = openTestLog()
    log.info('a', {}, 'one')
    fs.rmSync(file)
    const later = vi.spyOn(process.hrtime, 'bigint').mockReturnValue(2n ** 62n)
    onTestFinished(() => later.mockRestore())
    log.info('b', {}, 'two')
    expect(lines()).toMatchObject([
      { level: 40, event: 'reopen', msg: 'the log was removed; a new one is begun' },
      { event: 'b' },
    ])
  })

  test('reopen keeps the old one where there can be no new one, and says so', () => {
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
  test('neither throws nor stops, and what was lost is told where there is room again', () => {
    const file = path.join(newFolder(), 'daemon.log')
    fs.symlinkSync('/dev/full', file)
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

  /** A disk with room for so many bytes. */
  function smallDisk(room: number) {
    const disk = { room, text: '', calls: 0, code: 'ENOSPC' }
    const write = (_: number, bytes: Uint8Array): number => {
      disk.calls += 1
      if (disk.room === 0) throw Object.assign(new Error('full'), { code: disk.code })
      const taken = bytes.subarray(0, disk.room)
      disk.room -= taken.length
      disk.text += Buffer.from(taken).toString()
      return taken.length
    }
    const lines = openLineFile({ descriptor: 1 }, (lost) => lines.put(`lost ${lost}\n`), { write })
    return { disk, lines }
  }

  test('half a line is finished before the next one', () => {
    const { disk, lines } = smallDisk(8)
    for (const line of ['first\n', 'second\n', 'third\n', 'fourth\n']) lines.put(line)
    expect(disk.text).toBe('first\nse')
    disk.room = 100
    lines.put('fifth\n')
    expect(disk.text).toBe('first\nsecond\nlost 2\nfifth\n')
  })

  test('no line is glued to another or written twice, however little room there comes', () => {
    const { disk, lines } = smallDisk(0)
    for (let n = 0; n < 500; n += 1) {
      disk.room += n % 13
      lines.put(`line ${n}\n`)
    }
    disk.room = 1000
    lines.put('end\n')
    const written = disk.text.split('\n').slice(0, -1)
    expect(written.at(-1)).toBe('end')
    expect(written.every((line) => /^(line \d+|lost \d+|end)$/.test(line))).toBe(true)
    const told = written.filter((line) => line.startsWith('lost'))
    const lost = told.reduce((sum, line) => sum + Number(line.slice(5)), 0)
    const kept = written.filter((line) => line.startsWith('line'))
    expect(new Set(kept).size).toBe(kept.length)
    expect(kept.length + lost).toBe(500)
    expect(kept.length).toBeGreaterThan(50)
  })

  test('a pipe that nobody reads is waited for once, not at each line', () => {
    const { disk, lines } = smallDisk(0)
    disk.code = 'EAGAIN'
    lines.put('first\n')
    const patience = disk.calls
    expect(patience).toBeGreaterThan(10)
    for (let n = 0; n < 100; n += 1) lines.put('more\n')
    expect(disk.calls).toBe(patience + 100)
    disk.room = 100
    lines.put('read again\n')
    expect(disk.text).toBe('lost 101\nread again\n')
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
    const log = openLog({ stdout: true, pretty })
    say(log)
    log.close()
    return text
  }

  test('is JSON for a collector', () => {
    const text = stdoutOf(false, (log) => log.info('start', { task: 'a' }, 'a starts'))
    expect(JSON.parse(text)).toMatchObject({ event: 'start', task: 'a', msg: 'a starts' })
  })

  test('is a readable line for a person', () => {
    const text = stdoutOf(true, (log) => log.info('start', { task: 'a' }, 'a starts'))
    expect(text).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: a starts \{"task":"a"\}\n$/)
  })

  test('reopen leaves it as it is', () => {
    expect(stdoutOf(false, (log) => log.reopen())).toContain('log opened again')
  })
})
