import path from 'node:path'
import { otherTasks, type MetricsReport } from '../../control/metrics-report.ts'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { familiesOf, type OfflineMetrics } from '../../metrics/families.ts'
import { counted } from '../../text/plural.ts'
import { factsHere } from '../args/host-facts.ts'
import { type FilePath, usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { ask } from '../daemon/ask.ts'
import { daemonsPath, lastDaemonFile } from '../daemon/tasks-file.ts'

/** Runs `torch metrics`. */
export async function showMetrics(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  if (values.json && call.from.json === 'flag' && values.out !== undefined)
    throw usageError(
      '--json and --out cannot be combined',
      'node_exporter reads text: leave out --json',
    )
  const facts = await factsNow(call, values)
  if (values.out === undefined && values.json) {
    await terminal.say(JSON.stringify({ metrics: familiesOf(facts) }, null, 2))
    return exitStatus.done
  }
  const { metricsText } = await import('../../metrics/metrics-text.ts')
  const text = await metricsText(facts)
  if (values.out === undefined) await terminal.out(text)
  else writeOut(host, values.out, text)
  noteOthers(call, facts)
  return exitStatus.done
}

/** What the daemon says or, without one, what the files say. */
async function factsNow(call: Call, values: Values): Promise<MetricsReport | OfflineMetrics> {
  const reply = await askForMetrics(call)
  if (typeof reply === 'object') return reply
  const { terminal } = call
  // A cron job that writes a file each minute must not send a mail each minute: torch_up says it.
  if (reply === undefined && values.out === undefined)
    terminal.note('torch is not running: this is what the files say')
  const { offlineMetrics } = await import('../../view/offline-metrics.ts')
  const { host, paths } = call
  const running = reply === 'silent' ? lastDaemonFile(call) : undefined
  const file = daemonsPath(call, values, running)
  return offlineMetrics({ host, paths, facts: factsHere(call, values), file }, terminal.note)
}

async function askForMetrics(call: Call): Promise<MetricsReport | 'silent' | undefined> {
  try {
    return await ask(call, 'metrics', {}, 'informative')
  } catch (error) {
    if (!(error instanceof TorchError) || error.code !== 'unknown-request') throw error
    throw new TorchError(error.code, 'the daemon is of an older version, which has no metrics', {
      hint: 'replace it by this version: torch restart',
      cause: error,
    })
  }
}

/** Of the file: the collector runs as another user. */
const fileMode = 0o644

/** Replaces the file in one step, so that no reader sees half of it. Never a device: `--out /dev/null`. */
function writeOut({ files }: Host, { absolute, shown }: FilePath, text: string): void {
  const failed = (why: string, cause?: unknown): TorchError =>
    new TorchError('metrics-unwritable', `cannot write ${shown}: ${why}`, {
      hint: 'name a file in a directory that this user may write',
      cause,
    })
  try {
    const target = files.realPath(absolute) ?? absolute
    const folder = files.facts(path.dirname(target))?.kind
    if (folder !== 'directory') throw failed('its directory does not exist')
    const kind = files.facts(target)?.kind ?? 'file'
    if (kind !== 'file') throw failed('it is not a file')
    // Written each minute: a power cut may cost the last one.
    files.replace(target, text, { mode: fileMode, sync: false })
  } catch (error) {
    throw error instanceof TorchError ? error : failed(messageOf(error), error)
  }
}

function noteOthers({ terminal }: Call, facts: MetricsReport | OfflineMetrics): void {
  if (!('series' in facts) || facts.others === 0) return
  const own = facts.series.length - 1
  const share = `${facts.others} more share task="${otherTasks}"`
  terminal.note(`only ${counted(own, 'task')} of this host have series of their own; ${share}`)
}
