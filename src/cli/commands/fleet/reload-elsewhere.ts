import { exitStatus, messageOf, TorchError } from '../../../errors.ts'
import { fieldsOf } from '../../../text/fields-of.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { openAccess } from './fleet-access.ts'
import { withHost } from './kill-elsewhere.ts'

/** Runs `torch fleet reload`: the machines of --on, or all that are up, load their tasks files. */
export async function reloadElsewhere(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  if (call.args.length > 1)
    throw usageError('fleet reload takes no arguments', 'torch fleet reload --on MACHINE')
  const access = await openAccess(call)
  try {
    const hosts = values.on ?? [...(await access.statuses()).keys()].toSorted()
    const told = hosts.map((host) => reloadOne(host, access.tell(host, 'reload', {})))
    const all = await Promise.all(told)
    if (values.json)
      await terminal.say(
        JSON.stringify(
          all.map(({ host, report }) => ({ host, ...report })),
          null,
          2,
        ),
      )
    else
      for (const { isBad, words } of all) await (isBad ? terminal.note(words) : terminal.say(words))
    return all.some(({ isBad }) => isBad) ? exitStatus.failed : exitStatus.done
  } finally {
    await access.close()
  }
}

interface Reloaded {
  readonly host: string
  readonly isBad: boolean
  readonly words: string
  /** What the machine answers, or why it does not. */
  readonly report: object
}

async function reloadOne(host: string, answer: Promise<unknown>): Promise<Reloaded> {
  try {
    const report = fieldsOf(await answer)
    return { host, ...reloadWords(host, report), report }
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    const hint = error.hint === undefined ? '' : ` (${error.hint})`
    const words = `${withHost(host, messageOf(error))}${hint}`
    return { host, isBad: true, words, report: { error: error.message } }
  }
}

/** `db1: 12 tasks at revision ab12cd3: 1 added, 2 changed`. The answer may be that of another version of torch. */
export function reloadWords(
  host: string,
  report: Readonly<Record<string, unknown>>,
): { readonly isBad: boolean; readonly words: string } {
  const { verdict, revision, tasks, problems } = report
  const name = plainLine(host)
  if (verdict !== 'loaded' && verdict !== 'unchanged') {
    const [first] = Array.isArray(problems) ? (problems as readonly unknown[]) : []
    const { message } = fieldsOf(first)
    const why = typeof message === 'string' ? `: ${plainLine(message)}` : ''
    return { isBad: true, words: `${name}: the tasks file was refused${why}` }
  }
  const changes = (['added', 'changed', 'removed'] as const).flatMap((what) => {
    const names = report[what]
    return Array.isArray(names) && names.length > 0 ? [`${names.length} ${what}`] : []
  })
  const at = typeof revision === 'string' ? ` at revision ${plainLine(revision)}` : ''
  const count = typeof tasks === 'number' ? counted(tasks, 'task') : 'tasks'
  const what = changes.length === 0 ? 'nothing changed' : changes.join(', ')
  return { isBad: false, words: `${name}: ${count}${at}: ${what}` }
}
