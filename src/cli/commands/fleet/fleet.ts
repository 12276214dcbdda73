import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { fleetActions } from './actions.ts'

/** Runs `torch fleet ACTION`. */
export async function fleet(call: Call, values: Values): Promise<number> {
  const [action = '', ...words] = call.args
  if ((action === 'init' || action === 'check') && words.length > 0)
    throw usageError(`fleet ${action} takes no arguments`, `torch fleet ${action}`)
  switch (action) {
    case 'init':
      return values.on === undefined && values.users === undefined
        ? (await import('./streams.ts')).initStreams(call, values)
        : (await import('./write-server-files.ts')).writeServerFiles(call, values)
    case 'check':
      return (await import('./streams.ts')).checkStreams(call, values)
    case 'status':
      return (await import('./show-fleet.ts')).showFleet(call, values)
    case 'history':
      return (await import('./show-fleet-history.ts')).showFleetHistory(call, values)
    case 'logs':
      return (await import('./show-fleet-logs.ts')).showFleetLogs(call, values)
    case 'run':
      return (await import('./run-elsewhere.ts')).runElsewhere(call, values)
    case 'kill':
      return (await import('./kill-elsewhere.ts')).killElsewhere(call, values)
    case 'reload':
      return (await import('./reload-elsewhere.ts')).reloadElsewhere(call, values)
    case 'why':
      return (await import('./show-slot.ts')).showSlot(call, values)
    default:
      throw usageError(
        `expected ${fleetActions.slice(0, -1).join(', ')} or ${fleetActions.at(-1)}; got "${action}"`,
        'torch fleet --help',
      )
  }
}
