import { messageOf } from '../errors.ts'
import { dumpState } from './control/dump.ts'
import type { Reload } from './tasks-file/reload.ts'
import type { Seat } from './start/process.ts'
import type { Torch } from './state.ts'

/**
 * Has the signals do what the commands do. Gives what settles when all stops are passed on that
 * were asked for until then.
 */
export function obeySignals(
  seat: Seat,
  torch: Torch,
  reload: Reload,
  stateWords: () => string,
): () => Promise<unknown> {
  const { systemd, log } = seat
  const stops: Promise<void>[] = []
  const reloadBySignal = async (): Promise<void> => {
    await systemd.reloading()
    await reload('signal')
    await systemd.ready(stateWords())
  }
  // By way of the desk: what comes while the home is handed over is for whoever has it then.
  const stopBySignal = async (): Promise<void> => {
    try {
      await seat.desk.answers.stop({ graceMs: null, leave: false })
    } catch (error) {
      log.error('trouble', {}, `the next daemon could not be told to stop: ${messageOf(error)}`)
    }
  }
  seat.signals.obey({
    stop: () => void stops.push(stopBySignal()),
    reload: () => void reloadBySignal(),
    reopenLog: () => log.reopen(),
    dumpState: () => dumpState(torch),
  })
  return () => Promise.all(stops)
}
