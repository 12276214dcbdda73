import path from 'node:path'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import { hasCode } from '../../host/system-error.ts'
import { importCrontab } from '../../import/crontab/crontab.ts'
import { guessForm } from '../../import/crontab/system-form.ts'
import { importGotorch } from '../../import/gotorch/gotorch.ts'
import { type Imported, importFormats, maxImportBytes } from '../../import/imported.ts'
import { formatProblem } from '../../tasks/file/problem.ts'
import { counted } from '../../text/plural.ts'
import { nearest } from '../../text/suggest.ts'
import { plainLine } from '../../text/sanitize.ts'
import { usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'

type Format = (typeof importFormats)[number]

/** A text to import. */
interface ImportSource {
  /** Its name in messages. */
  readonly path: string
  readonly text: string
}

/** How long crontab -l may take, in milliseconds. */
const crontabTimeoutMs = 10_000

/** Runs `torch import`: prints the tasks file that a crontab or a gotorch file becomes. */
export async function importTasks(call: Call, values: Values): Promise<number> {
  const [written = ''] = call.args
  const format = importFormats.find((each) => each === written)
  if (format === undefined) throw unknownFormat(written)
  if (format === 'gotorch' && values.system !== undefined)
    throw usageError('--system is only for import crontab', 'leave it out')
  return importFrom(call, values, format)
}

function unknownFormat(written: string): TorchError {
  const near = nearest(written, importFormats)
  const hint =
    near === undefined
      ? `torch imports from ${importFormats.join(' or ')}`
      : `did you mean "${near}"?`
  return usageError(`torch cannot import from ${JSON.stringify(written)}`, hint)
}

async function importFrom(call: Call, values: Values, format: Format): Promise<number> {
  const source = await sourceOf(call, format)
  if (format === 'gotorch') return show(call, values, source, importGotorch(source))
  const system = isSystem(call, values, source)
  if (system && call.host.processes.uid !== 0)
    call.terminal.note('torch: each task has a user, which only a daemon of root accepts')
  const isAccount = (name: string) => isUser(call, name)
  return show(call, values, source, importCrontab(source, { system, isAccount }))
}

/** The file that is named, else standard input, else the crontab of the user. */
async function sourceOf(call: Call, format: Format): Promise<ImportSource> {
  const [, file] = call.args
  if (file !== undefined) return readImport(call, file)
  const piped = call.host.files.isPiped() ? await readImport(call, '-') : undefined
  // A program that runs torch may leave an empty pipe as standard input.
  if (piped !== undefined && piped.text !== '') return piped
  if (format === 'crontab') return readOwnCrontab(call)
  throw usageError('import gotorch needs a file', 'torch import gotorch task.json')
}

/** Whether lines name a user: by --system, by the path, or by a guess, which is printed. Throws if it can be both. */
function isSystem(call: Call, { system }: Values, source: ImportSource): boolean {
  const { terminal } = call
  if (system !== undefined) return system
  const place = path.resolve(source.path)
  if (/\/etc\/crontab$|\/cron\.d\/[^/]+$/.test(place)) return true
  if (source.path === 'crontab -l' || place.startsWith('/var/spool/cron/')) return false
  const form = guessForm(source.text, (name) => isUser(call, name))
  if (form.by === 'nothing')
    throw usageError(
      `line ${form.line}: "${form.user}" is an account, but may also be the program of the job`,
      'use --system if it is the user of the job, as in /etc/crontab, else --system=false',
    )
  if (form.by === 'comment' || form.user === undefined) return form.system
  const where = `torch: line ${form.line}: "${form.user}" is read as`
  terminal.note(
    form.system
      ? `${where} the user of the job, as in /etc/crontab; if it is the program, use --system=false`
      : `${where} the program; if it is the user of the job, as in /etc/crontab, use --system`,
  )
  return form.system
}

function isUser({ host }: Call, name: string): boolean {
  return host.accounts.user(name) !== undefined
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
    terminal.note(`${terminal.paint('yellow', 'warning:')} line ${line}: ${plainLine(message)}`)
  terminal.note(`imported ${counted(tasks, 'task')}, with ${counted(warnings.length, 'warning')}`)
  return exitStatus.done
}

/** Reads a file, or standard input for `-`. */
async function readImport({ host }: Call, file: string): Promise<ImportSource> {
  const shown = file === '-' ? 'standard input' : file
  let bytes: Buffer
  try {
    bytes = await host.files.readSome(file === '-' ? file : path.resolve(file), maxImportBytes)
  } catch (error) {
    throw unreadable(shown, error)
  }
  if (bytes.length > maxImportBytes)
    throw failure(
      `${shown} is larger than ${maxImportBytes / 1_000_000} MB, too large to import`,
      'is it the right file?',
    )
  return { path: shown, text: bytes.toString() }
}

/** Reads the crontab of the user, which only crontab(1) may read. */
async function readOwnCrontab({ host }: Call): Promise<ImportSource> {
  const options = { timeoutMs: crontabTimeoutMs }
  const { ok, stdout, stderr } = await host.processes.runProgram('crontab', ['-l'], options)
  if (ok) return { path: 'crontab -l', text: stdout }
  const said = stderr.trim().split('\n')[0] ?? ''
  const message =
    said === '' ? 'the program "crontab" is missing or does not answer' : `crontab -l: ${said}`
  throw failure(message, 'name a file: torch import crontab /etc/crontab')
}

function unreadable(file: string, error: unknown): TorchError {
  if (hasCode(error, 'ENOENT', 'ENOTDIR'))
    return failure(
      `the file ${file} does not exist`,
      'torch import --help shows what can be imported',
    )
  if (hasCode(error, 'EISDIR'))
    return failure(`${file} is a directory`, 'name one of the files in it')
  if (hasCode(error, 'EACCES', 'EPERM'))
    return failure(
      `cannot read ${file}: permission denied`,
      `sudo cat ${file} | torch import crontab -`,
    )
  return failure(`${file}: ${messageOf(error)}`, 'name another file, or - for standard input')
}

function failure(message: string, hint: string): TorchError {
  return new TorchError('bad-import', message, { hint })
}
