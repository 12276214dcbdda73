import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pickRun, signalIfSame } from '../campaign/disturb.js'
import { isAlive, killed, until } from '../campaign/site.js'
import { pause } from '../daemon.js'
import { start, torch } from './home.js'

/** Disturbances besides those of the campaign, mostly by a person at a terminal. */
export const acts = {
  async torchRestart(round) {
    const before = round.pid
    await torch(round.site, 'restart')
    await until(() => !isAlive(before), 'the end of the previous daemon')
  },
  async torchStopAndStart(round) {
    await torch(round.site, 'stop', '--grace', '3s')
    if (isAlive(round.pid)) round.breaches.push('torch stop has ended, but the daemon still runs')
    await start(round.site)
  },
  async torchStopLeaveAndStart(round) {
    await torch(round.site, 'stop', '--leave')
    await pause(round.random.between(0, 2000))
    await start(round.site)
  },
  async killAndTorchStart(round) {
    await killed(round.pid)
    await start(round.site)
  },
  async killCommand(round) {
    const run = pickRun(round)
    // The child of `keep` would stay for an hour, because torch only reports stragglers.
    if (run?.command === undefined || run.task === 'keep') return
    round.mayBeShot.add(run.run)
    signalIfSame(run.command)
    round.count('commands killed')
  },
  async torchKill(round) {
    // Tasks that torch may end in any case.
    await torch(round.site, 'kill', round.random.pick(['keep', 'late', 'flap'])).catch(() => {})
  },
  async rudeClient(round) {
    await rudeness(round.site, round.random)
  },
}

const words = [
  'GET /status HTTP/1.1\r\nHost: torch\r\n',
  'POST /stop HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n{',
  '\u0000\u0001\u0002 torch\r\n\r\n',
  `POST /run HTTP/1.1\r\nContent-Length: 17\r\n\r\n{"task":"nowhere"`,
  'POST /status HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}'.repeat(200),
]
const rudenessMs = 1_500

/** A client that sends garbage or half a request, never reads, and goes away after a while. */
export function rudeness(site, random) {
  return new Promise((resolve) => {
    const socket = net.connect(site.socket)
    socket.on('error', () => {})
    socket.pause()
    socket.write(random.pick(words))
    setTimeout(
      () => {
        socket.destroy()
        resolve()
      },
      random.between(0, rudenessMs),
    )
  })
}

/**
 * Does what logrotate does: moves the log out of the home and sends HUP to the daemon. The old log stays,
 * for the check at the end.
 */
export async function rotateLog(round) {
  const { site } = round
  const old = path.join(site.folder, `daemon.log.${site.oldLogs.length}`)
  fs.renameSync(site.log, old)
  site.oldLogs.push(old)
  process.kill(round.pid, 'SIGHUP')
  await until(() => fs.existsSync(site.log), 'a new log')
}
