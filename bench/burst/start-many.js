// node start-many.js posix_spawn|spawn MB: a process that holds so much memory, and for each message
// with a number starts that many shells, one after the other. It answers with how many milliseconds
// it stood still for each, and with what it holds.
import { bestLauncher, launchByFork } from '../../dist/host/spawn.js'

/** Pages of the usual size for the kernel, as those of a heap are. */
const blockBytes = 65_536
const [name, megabytes] = process.argv.slice(2)
const launch = name === 'spawn' ? launchByFork : bestLauncher().launch

const held = []
hold(Number(megabytes))
process.on('message', (count) => void startMany(count))

/** In a function of its own: nothing of it may be taken for garbage later. */
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
      onExit: () => resolve(took),
      onFailure: reject,
    })
    const took = performance.now() - began
    started?.dismiss()
  })
}
