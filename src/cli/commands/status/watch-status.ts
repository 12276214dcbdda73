import { aroundStops, interceptSignals } from '../../../daemon/signals.ts'
import { exitStatus, TorchError, messageOf } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import type { Signal } from '../../../host/processes.ts'
import type { Call } from '../../command.ts'
import { statusOfSignal } from '../../terminal/exit-status.ts'
import { findStatus } from './find-status.ts'
import type { Values } from '../../args/options.ts'
import { openScreen } from '../../terminal/screen.ts'
import { statusLines } from './status-lines.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { pause, shownTime } from '../../terminal/times.ts'

/** The title, and the blank line below it. */
const titleRows = 2

/**
 * Shows the status again with each second of the clock, until Ctrl-C; the daemon may go and come
 * back meanwhile. What is wrong from the start is thrown as torch status throws it.
 */
export async function watchStatus(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  let lines = await linesNow(call, values)
  const attention = attend(terminal)
  const screen = await openScreen(terminal)
  const release = aroundStops(
    () => screen.close(),
    () => void screen.open(),
  )
  try {
    while (attention.signal() === undefined) {
      await screen.draw(lines)
      await attention.orAwake(nextSecond(host))
      if (attention.signal() !== undefined) break
      lines = (await attention.orAwake(linesOrTrouble(call, values))) ?? lines
    }
  } finally {
    await screen.close()
    release()
    attention.release()
  }
  const signal = attention.signal()
  return signal === undefined || signal === 'SIGINT' ? exitStatus.done : statusOfSignal(signal)
}

/** What wakes it: a signal, or another size of the window. */
function attend(terminal: Terminal) {
  let signal: Signal | undefined
  let wake = (): void => {}
  const releaseSignals = interceptSignals((name) => {
    signal = name
    wake()
  })
  const releaseSize = terminal.onResize(() => wake())
  return {
    signal: () => signal,
    /** What it settles with; undefined where it is woken before. Not by Promise.race: it would keep a bit of each round. */
    orAwake: <T>(settles: Promise<T>) =>
      new Promise<T | undefined>((resolve) => {
        wake = () => resolve(undefined)
        void settles.then(resolve)
      }),
    release() {
      releaseSignals()
      releaseSize()
    },
  }
}

async function linesNow(call: Call, values: Values): Promise<string[]> {
  const found = await findStatus(call, values, () => {})
  const rows = call.terminal.rows - titleRows
  return [...titleOf(call), ...statusLines(call, { ...found, rows, all: '' })]
}

/** What came up meanwhile is shown in its place, and gone when it is over. */
async function linesOrTrouble(call: Call, values: Values): Promise<string[]> {
  try {
    return await linesNow(call, values)
  } catch (error) {
    const details = error instanceof TorchError ? error.details : []
    const hint = error instanceof TorchError ? error.hint : undefined
    return [
      ...titleOf(call),
      ...details.flatMap((each) => each.split('\n')),
      call.terminal.paint('red', `torch: ${messageOf(error)}`),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ]
  }
}

function titleOf({ host, terminal }: Call): string[] {
  const now = shownTime(host, new Date(host.clock.now()).toISOString())
  return [terminal.paint('dim', `torch status  ${now}  Ctrl-C ends this`), '']
}

function nextSecond(host: Host): Promise<void> {
  return pause(host, 1000 - (host.clock.now() % 1000))
}
