import path from 'node:path'
import { exitStatus, TorchError } from '../../../errors.ts'
import { counted } from '../../../text/plural.ts'
import { importCrontab } from '../../../import/crontab/crontab.ts'
import { importGotorch } from '../../../import/gotorch/gotorch.ts'
import type { Imported, importFormats } from '../../../import/imported.ts'
import { guessForm } from '../../../import/crontab/system-form.ts'
import { formatProblem } from '../../../tasks/file/problem.ts'
import type { Call } from '../../command.ts'
import { type ImportSource, readImport, readOwnCrontab } from './import-source.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'

type Format = (typeof importFormats)[number]

/** Reads what is to be imported, the second word or else what is there, and shows what it became. */
export async function importFrom(call: Call, values: Values, format: Format): Promise<number> {
  const source = await sourceOf(call, format)
  if (format === 'gotorch') return show(call, values, source, importGotorch(source))
  const system = isSystem(call, values, source)
  if (system && call.host.processes.uid !== 0)
    call.terminal.note('torch: each task has a user, and only a daemon of root takes that')
  return show(call, values, source, importCrontab(source, { system }))
}

async function sourceOf(call: Call, format: Format): Promise<ImportSource> {
  const [, file] = call.args
  if (file !== undefined) return readImport(call, file)
  const piped = call.host.files.isPiped() ? await readImport(call, '-') : undefined
  // Nothing was given, as where a program runs this one and says nothing.
  if (piped !== undefined && piped.text !== '') return piped
  if (format === 'crontab') return readOwnCrontab(call)
  throw usageError('import gotorch needs a file', 'torch import gotorch task.json')
}

/** By what was said, by its place, or else by what is in it; a guess is told. */
function isSystem({ host, terminal }: Call, { system }: Values, source: ImportSource): boolean {
  if (system !== undefined) return system
  const place = path.resolve(source.path)
  if (/\/etc\/crontab$|\/cron\.d\/[^/]+$/.test(place)) return true
  if (source.path === 'crontab -l' || place.startsWith('/var/spool/cron/')) return false
  const form = guessForm(source.text, (name) => host.accounts.user(name) !== undefined)
  if (form.by === 'comment' || form.user === undefined) return form.system
  const where = `torch: line ${form.line}: "${form.user}" is taken for`
  terminal.note(
    form.system
      ? `${where} the user of the job, as in /etc/crontab; if it is the program, say --system=false`
      : `${where} the program; if it is the user of the job, as in /etc/crontab, say --system`,
  )
  return form.system
}

async function show(
  { terminal }: Call,
  { json }: Values,
  source: ImportSource,
  imported: Imported,
): Promise<number> {
  if (!imported.ok) {
    const { problems } = imported
    const message = `${source.path} cannot be imported (${counted(problems.length, 'problem')})`
    throw new TorchError('bad-import', message, {
      exit: exitStatus.usage,
      hint: 'is it the right file? torch import --help',
      details: problems.map(formatProblem),
    })
  }
  const { yaml, tasks, warnings } = imported
  if (json) {
    await terminal.say(JSON.stringify({ yaml, tasks, warnings }, null, 2))
    return exitStatus.done
  }
  await terminal.out(yaml)
  for (const { line, message } of warnings)
    terminal.note(`${terminal.paint('yellow', 'warning:')} line ${line}: ${message}`)
  terminal.note(`imported ${counted(tasks, 'task')}, with ${counted(warnings.length, 'warning')}`)
  return exitStatus.done
}
