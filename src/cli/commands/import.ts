import path from 'node:path'
import { exitStatus, TorchError } from '../../errors.ts'
import { nearest } from '../../schedule/near.ts'
import { counted } from '../../tasks/counted.ts'
import { importCrontab } from '../../tasks/import/crontab.ts'
import { importGotorch } from '../../tasks/import/gotorch.ts'
import type { Imported } from '../../tasks/import/imported.ts'
import { guessForm } from '../../tasks/import/system-form.ts'
import { formatProblem } from '../../tasks/report.ts'
import type { Call, Command } from '../command.ts'
import { type ImportSource, readImport, readOwnCrontab } from '../import-source.ts'
import { usageError } from '../option.ts'
import type { Values } from '../options.ts'

const formats = ['crontab', 'gotorch'] as const

export const importTasks: Command = {
  words: 'FORMAT [F]',
  mostWords: 2,
  leastWords: 1,
  options: ['system'],
  flagsOnly: ['system'],
  about: `Writes a tasks file made of a crontab, or of a tasks file of gotorch, to standard output.
FORMAT is crontab or gotorch, F a file, or - for standard input; import crontab without F
takes what crontab -l shows. What cannot be carried over is a comment there, and a warning.`,
  examples: [
    ['import crontab > tasks.yaml', 'the crontab of whoever calls'],
    ['import crontab /etc/crontab > tasks.yaml', 'with a user in each line'],
    ['import gotorch task.json > tasks.yaml', 'from gotorch'],
  ],
  async run(call, values) {
    const [written = '', file] = call.words
    const format = formats.find((each) => each === written)
    if (format === undefined) throw unknownFormat(written)
    if (format === 'gotorch' && values.system !== undefined)
      throw usageError('--system goes with import crontab', 'leave it out')
    const source = await sourceOf(call, format, file)
    const imported =
      format === 'crontab'
        ? importCrontab(source, { system: isSystem(call, values, source) })
        : importGotorch(source)
    return show(call, values, source, imported)
  },
}

function unknownFormat(written: string): TorchError {
  const near = nearest(written, formats)
  const hint = near === undefined ? `try one of: ${formats.join(', ')}` : `did you mean "${near}"?`
  return usageError(`torch cannot import from ${JSON.stringify(written)}`, hint)
}

function sourceOf(
  call: Call,
  format: (typeof formats)[number],
  file: string | undefined,
): Promise<ImportSource> {
  if (file !== undefined) return readImport(call, file)
  if (call.host.files.isPiped()) return readImport(call, '-')
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
