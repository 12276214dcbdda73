import type { Protocol, ScriptReport } from '../../../control/protocol.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { withShortSums } from '../../../text/hash.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { sizeText } from '../../../text/size.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { askForFile, requireSameFile } from '../../daemon/tasks-file.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { shownTime } from '../../terminal/times.ts'

type Reply = Protocol['scripts']['reply']

/** How long the daemon may take to fetch: it bounds each download itself. */
const updateTimeoutMs = 3_600_000

/** Runs `torch scripts`. */
export async function showScripts(call: Call, values: Values): Promise<number> {
  const { args, terminal } = call
  if (values.show && args.length !== 1)
    throw usageError('--show needs one task', 'torch scripts --show TASK')
  if (values.show && values.clean)
    throw usageError('--show and --clean cannot be combined', 'torch scripts --clean')
  const request = { tasks: args, update: values.update ?? false, clean: values.clean ?? false }
  const { report, file } = await askForFile(call)
  if (file !== undefined) await requireSameFile(call, values, file)
  const reply =
    report === undefined
      ? await (await import('./scripts-without-daemon.ts')).scriptsHere(call, values, request)
      : await ask(call, 'scripts', request, 'required', timeoutOf(request))
  const failed = request.update && reply.scripts.some(({ state }) => state !== 'ok')
  if (values.show && !failed) return showCopy(call, reply)
  if (values.json) await terminal.say(JSON.stringify(jsonOf(reply, request.clean), null, 2))
  else if (!values.show) await terminal.say(textOf(call, reply, request).join('\n'))
  if (failed) for (const line of failures(reply)) terminal.note(`torch: ${plainLine(line)}`)
  return failed ? exitStatus.failed : exitStatus.done
}

function timeoutOf({ update }: { readonly update: boolean }): { timeoutMs?: number } {
  return update ? { timeoutMs: updateTimeoutMs } : {}
}

/** An array of scripts as for other commands; only --clean has more to say. */
function jsonOf({ scripts, removed }: Reply, isClean: boolean): object {
  return isClean ? { scripts, removed } : scripts
}

async function showCopy({ host, terminal }: Call, { scripts: [script] }: Reply): Promise<number> {
  if (script?.path == null)
    throw new TorchError(
      'no-script',
      `${script?.task} has no copy of its script: ${script?.reason}`,
      {
        hint: `torch scripts ${script?.task} --update fetches it`,
      },
    )
  await terminal.out(host.files.readFile(script.path, maxShownBytes) ?? '')
  return exitStatus.done
}

/** The largest `max_size`. */
const maxShownBytes = 100 * 1024 * 1024

function failures({ scripts }: Reply): string[] {
  return scripts.flatMap(({ state, task, url, reason }) =>
    state === 'ok' ? [] : [`${task}: script ${url}: ${reason}`],
  )
}

function textOf(
  call: Call,
  { scripts, removed }: Reply,
  { clean, update }: { readonly clean: boolean; readonly update: boolean },
): string[] {
  const cleaned = clean ? [`removed ${counted(removed.length, 'unused script')}`] : []
  if (clean && !update) return cleaned
  if (scripts.length === 0) return ['no task of this machine has a script', ...cleaned]
  const heads = [
    'TASK',
    { text: 'SHA256', leave: 3 },
    { text: 'SIZE', leave: 2 },
    { text: 'FETCHED', leave: 1 },
    { text: 'LOOKED FOR', leave: 1 },
    { text: 'URL', cut: 'middle', comfort: 40 },
    { text: 'STATE', cut: 'end', comfort: 40 },
  ] as const
  const shown = table(
    call.terminal,
    heads,
    scripts.map((script) => rowOf(call, script)),
  )
  return [shown, ...reasonLines(scripts, shown), ...pinLines(scripts), ...cleaned]
}

/** The reasons that the table does not have in whole, such as a sum to paste into the tasks file. */
function reasonLines(scripts: readonly ScriptReport[], shown: string): string[] {
  const cut = scripts.filter(({ reason }) => reason !== null && !shown.includes(plainLine(reason)))
  return cut.length === 0
    ? []
    : ['', ...cut.map(({ task, reason }) => plainLine(`${task}: ${reason}`))]
}

function rowOf({ host }: Call, script: ScriptReport): Cell[] {
  const { task, url, sha256, bytes, fetchedAt, lookedAt } = script
  return [
    task,
    withShortSums(sha256 ?? ''),
    bytes === null ? '' : sizeText(bytes),
    shownTime(host, fetchedAt),
    shownTime(host, lookedAt),
    plainLine(url),
    stateCell(script, host),
  ]
}

function stateCell({ state, reason, staleSince }: ScriptReport, host: Call['host']): Cell {
  if (state === 'ok') return ['ok', 'green']
  const since = staleSince === null ? '' : `, since ${shownTime(host, staleSince)}`
  return [
    plainLine(`${state}: ${withShortSums(reason ?? '')}${since}`),
    state === 'stale' ? 'yellow' : 'red',
  ]
}

/** What to paste into the tasks file to run nothing but what is here now. */
function pinLines(scripts: readonly ScriptReport[]): string[] {
  const loose = scripts.filter(({ pinned, sha256 }) => !pinned && sha256 !== null)
  if (loose.length === 0) return []
  return [
    '',
    'to run only what is here now:',
    ...loose.map(({ task, sha256 }) => `  sha256: ${sha256} # ${task}`),
  ]
}
