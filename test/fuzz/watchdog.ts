import { Worker } from 'node:worker_threads'

/** No batch takes so long; one that does hangs, and nothing in this thread could say so. */
const maxBatchMs = 120_000

/** Ends the process, and says where it was, if the loop stands still for so long after a beat. */
export interface Watchdog {
  beat(where: string): void
  close(): Promise<number>
}

const program = `
const { parentPort, workerData } = require('node:worker_threads')
let timer
parentPort.on('message', (where) => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    require('node:fs').writeSync(2, 'hangs: ' + where + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }, workerData)
})
`

export function newWatchdog(): Watchdog {
  const worker = new Worker(program, { eval: true, workerData: maxBatchMs })
  return { beat: (where) => say(worker, where), close: () => worker.terminate() }
}

function say(port: { postMessage(value: unknown): void }, where: string): void {
  port.postMessage(where)
}
