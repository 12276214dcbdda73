import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { checkStreams, initStreams } from './streams.ts'
import { writeServerFiles } from './write-server-files.ts'

/** Runs `torch fleet init` and `torch fleet check`. */
export async function fleet(call: Call, values: Values): Promise<number> {
  const [action] = call.args
  switch (action) {
    case 'init':
      return values.on === undefined && values.users === undefined
        ? initStreams(call, values)
        : writeServerFiles(call, values)
    case 'check':
      return checkStreams(call, values)
    default:
      throw usageError(`expected init or check; got "${action}"`, 'torch fleet --help')
  }
}
