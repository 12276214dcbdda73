import { expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { limitBounds, machineBounds } from '../../src/run/limit-bounds.ts'

const mebi = 2 ** 20

/** A machine with these files in /proc. */
function machineWith({ limits = '', capabilities = '0000000000000000', open = '1048576' }): Host {
  const texts: Readonly<Record<string, string>> = {
    '/proc/7/limits': `Limit                     Soft Limit           Hard Limit           Units\n${limits}`,
    '/proc/7/status': `Name:\ttorch\nCapEff:\t${capabilities}\n`,
    '/proc/sys/fs/nr_open': `${open}\n`,
  }
  return { ...thisMachine(), files: { ...diskFiles, readText: (file) => texts[file] } }
}

const limits = `Max cpu time              60                   65                   seconds
Max stack size            8388608              unlimited            bytes
Max open files            1024                 4096                 files
Max address space         unlimited            unlimited            bytes
`

test('the bounds of a plain process are its hard limits', () => {
  expect(limitBounds(machineWith({ limits }), 7)).toEqual({
    nofile: { most: 4096, by: 'ulimit -H, LimitNOFILE=' },
    cpu: { most: 60, by: 'ulimit -H, LimitCPU=' },
  })
})

test('a process that may raise its limits is only bound by the kernel', () => {
  expect(limitBounds(machineWith({ limits, capabilities: '000001ffffffffff' }), 7)).toEqual({
    nofile: { most: 1_048_576, by: 'fs.nr_open' },
  })
})

test('a machine without these files has no bounds', () => {
  const files = { ...diskFiles, readText: () => undefined }
  expect(limitBounds({ ...thisMachine(), files })).toEqual({})
})

test.each([
  ['8388608', 2 * mebi],
  ['unlimited', 6 * mebi],
  ['1073741824', 6 * mebi],
  ['65536', 131_072],
])('a stack of %s allows arguments of %d bytes', (stack, argumentBytes) => {
  const line = `Max stack size            ${stack.padEnd(20)} unlimited            bytes\n`
  expect(machineBounds(machineWith({ limits: line }), 7)).toMatchObject({ argumentBytes })
})
