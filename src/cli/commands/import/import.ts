import type { TorchError } from '../../../errors.ts'
import { nearest } from '../../../text/suggest.ts'
import { importFormats } from '../../../import/imported.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { usageError } from '../../args/option.ts'

export async function importTasks(call: Call, values: Values): Promise<number> {
  const [written = ''] = call.args
  const format = importFormats.find((each) => each === written)
  if (format === undefined) throw unknownFormat(written)
  if (format === 'gotorch' && values.system !== undefined)
    throw usageError('--system goes with import crontab', 'leave it out')
  return (await import('./import-from.ts')).importFrom(call, values, format)
}

function unknownFormat(written: string): TorchError {
  const near = nearest(written, importFormats)
  const hint =
    near === undefined
      ? `torch imports from ${importFormats.join(' or ')}`
      : `did you mean "${near}"?`
  return usageError(`torch cannot import from ${JSON.stringify(written)}`, hint)
}
