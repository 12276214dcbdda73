import net from 'node:net'
import type { Duplex } from 'node:stream'
import { wallClock } from './clock.ts'
import type { Channel } from './host.ts'

/** Lines both ways over a stream; each that comes is kept until it is asked for. */
export function lineChannel(stream: Duplex): Channel {
  const lines: string[] = []
  let rest = ''
  let isOver = false
  let wake = (): void => {}
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const over = (): void => {
    isOver = true
    wake()
  }
  stream.once('close', over)
  stream.once('end', over)
  stream.on('error', over)
  return {
    say: (line) => void stream.write(`${line}\n`),
    // What was said goes out first.
    close: () => void stream.end(() => stream.destroy()),
    nextLine: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = wallClock.after(timeoutMs, () => resolve('late'))
        const look = (): void => {
          const line = lines.shift()
          if (line === undefined && !isOver) return
          cancel()
          wake = () => {}
          resolve(line === undefined ? 'closed' : { line })
        }
        wake = look
        look()
      }),
  }
}

/** The channel to whoever started this process as a daemon: its descriptor 3. */
export function starterChannel(): Channel {
  const socket = new net.Socket({ fd: starterDescriptor, readable: true, writable: true })
  return lineChannel(socket)
}

/** Where a process that is started as a daemon finds the channel to its starter. */
export const starterDescriptor = 3
