import { exitStatus } from '../../../errors.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { usageError } from '../../args/option.ts'

/** The exit status of --exit-code where there is a change, as of diff(1). */
const isOther = 1

export async function diff(call: Call, values: Values): Promise<number> {
  if (values.markdown && call.from.json === 'flag')
    throw usageError('--json does not go with --markdown', 'torch diff --markdown')
  const { showDiff } = await import('./show-diff.ts')
  const { to, isChanged } = await showDiff(call, values)
  if (!values['exit-code']) return exitStatus.done
  if (!to.isValid) return exitStatus.usage
  return isChanged ? isOther : exitStatus.done
}
