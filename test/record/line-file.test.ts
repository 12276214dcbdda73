import { expect, test } from 'vitest'
import { openLineFile } from '../../src/record/line-file.ts'

/** A line file on a disk with room for that many bytes. */
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

test('the rest of half a line is written before the next line', () => {
  const { disk, lines } = smallDisk(8)
  for (const line of ['first\n', 'second\n', 'third\n', 'fourth\n']) lines.put(line)
  expect(disk.text).toBe('first\nse')
  disk.room = 100
  lines.put('fifth\n')
  expect(disk.text).toBe('first\nsecond\nlost 2\nfifth\n')
})

test('every line is written whole and once, however little room the disk has', () => {
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

test('only the first line waits for a pipe that nobody reads', () => {
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
