import { formatDuration } from '../../text/duration.ts'
import { counted } from '../../text/plural.ts'
import { withBuiltInDefaults } from '../defaults.ts'
import type { KeyPath } from './key-path.ts'
import type { SettingsInput } from './schema.ts'
import type { Source } from './source.ts'
import { type TypeRead, warnAbout } from './type-checks.ts'

/** Warns about a `retry` or a `restart` of the task at a path that does not do what its author expects. */
export function checkAgain(
  source: Source,
  path: KeyPath,
  type: TypeRead,
  settings: Pick<SettingsInput, 'retry' | 'restart' | 'success_codes'>,
): void {
  if (type === 'unclear') return
  if (type === 'daemon') warnAboutRestart(source, path, settings)
  else warnAboutRetry(source, path, settings)
}

/** `retry.on` names what it cannot follow, or nothing follows at all. */
function warnAboutRetry(
  source: Source,
  path: KeyPath,
  { retry, success_codes: codes = [0] }: Pick<SettingsInput, 'retry' | 'success_codes'>,
): void {
  const onPath = [...path, 'retry', 'on']
  if (retry?.on === undefined || !source.has(onPath)) return
  if ((retry.attempts ?? 0) === 0) warnAbout(source, onPath, 'has no effect without attempts')
  const good = retry.on.flatMap((cause) =>
    typeof cause !== 'string' && cause.from === cause.to && codes.includes(cause.from)
      ? [cause.from]
      : [],
  )
  if (good.length > 0) {
    const message = `an exit code of ${good.join(', ')} counts as ok: no retry follows it`
    warnAbout(source, onPath, message)
  }
}

/** A limit that cannot be reached. */
function warnAboutRestart(
  source: Source,
  path: KeyPath,
  { restart }: Pick<SettingsInput, 'restart'>,
): void {
  const { starts, within } = restart?.limit ?? {}
  if (restart === undefined || starts === undefined || within === undefined) return
  const limitPath = [...path, 'restart', 'limit']
  if (restart.on === 'never') return warnAbout(source, limitPath, 'has no effect with on: never')
  const { delayMs, maxDelayMs, resetAfterMs } = withBuiltInDefaults({ restart }, 'UTC').restart
  let [leastMs, lastDelayMs] = [0, 0]
  for (let count = 0; count < starts; count += 1) {
    lastDelayMs = lastDelayMs === 0 ? delayMs : Math.min(lastDelayMs * 2, maxDelayMs)
    // A run that lasts until the delay is short again may be quicker.
    leastMs += Math.min(lastDelayMs, resetAfterMs + delayMs)
  }
  if (leastMs < within) return
  const time = formatDuration(leastMs)
  const message = `is never reached: with these delays, ${counted(starts + 1, 'start')} take at least ${time}`
  warnAbout(source, limitPath, message)
}
