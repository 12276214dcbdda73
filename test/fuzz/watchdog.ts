import { Worker } from 'node:worker_threads'

/** A batch that takes longer hangs, and this thread could not report it. */
const maxBatchMs = 120_000

/** Ends the process and says where it hangs, if `beat` is not called again in time. */
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
