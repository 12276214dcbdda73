// node start-many.js posix_spawn|spawn MB: a process that holds that much memory. For each message with a
// number it starts that many shells, one after the other, and answers with the milliseconds that each start
// blocked its event loop, and with the memory that it holds.
import { openPosixSpawn } from '../../dist/host/posix-spawn.js'
import { spawnByFork } from '../../dist/host/spawn.js'

/** The kernel gives these pages of the usual size, as for a heap. */
const blockBytes = 65_536
const [name, megabytes] = process.argv.slice(2)
const launch = name === 'spawn' ? spawnByFork : openPosixSpawn().launch

const held = []
hold(Number(megabytes))
process.on('message', (count) => void startMany(count))

/** A separate function, so that nothing in it becomes garbage later. */
function hold(mb) {
  while (heldMb() < mb) held.push(Buffer.alloc(blockBytes, 1))
}

function heldMb() {
  return process.memoryUsage.rss() / 1e6
}

async function startMany(count) {
  const ms = []
  while (ms.length < count) ms.push(await startOne())
  process.send({ ms, heldMb: heldMb() })
}

function startOne() {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const started = launch({
      program: '/bin/sh',
      args: ['-c', ':'],
      env: {},
      cwd: '/',
      stdin: 'line',
      onExit: () => resolve(took),
      onFailure: reject,
    })
    const took = performance.now() - began
    started?.dismiss()
  })
}
