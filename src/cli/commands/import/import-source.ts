import path from 'node:path'
import { TorchError, messageOf } from '../../../errors.ts'
import { hasCode } from '../../../host/system-error.ts'
import { maxImportBytes } from '../../../import/imported.ts'
import type { Call } from '../../command.ts'

/** The text that is to be imported. */
export interface ImportSource {
  /** What it is called where something is wrong in it. */
  readonly path: string
  readonly text: string
}

/** Of a file, or of standard input (`-`). Throws why it cannot be read, and what to try. */
export async function readImport({ host }: Call, file: string): Promise<ImportSource> {
  const shown = file === '-' ? 'standard input' : file
  let bytes: Buffer
  try {
    bytes = await host.files.readSome(file === '-' ? file : path.resolve(file), maxImportBytes)
  } catch (error) {
    throw unreadable(shown, error)
  }
  if (bytes.length > maxImportBytes)
    throw failure(
      `${shown} has more than ${maxImportBytes / 1_000_000} MB, which no schedule has`,
      'is it the right file?',
    )
  return { path: shown, text: bytes.toString() }
}

/** No program takes longer to say what is in one small file. */
const crontabTimeoutMs = 10_000

/** The crontab of the user who calls, which only crontab(1) may read. */
export async function readOwnCrontab({ host }: Call): Promise<ImportSource> {
  const options = { timeoutMs: crontabTimeoutMs }
  const { ok, stdout, stderr } = await host.processes.runProgram('crontab', ['-l'], options)
  if (ok) return { path: 'crontab -l', text: stdout }
  const said = stderr.trim().split('\n')[0] ?? ''
  const message =
    said === ''
      ? 'there is no program "crontab" here, or it does not answer'
      : `crontab -l: ${said}`
  throw failure(message, 'name a file: torch import crontab /etc/crontab')
}

function unreadable(file: string, error: unknown): TorchError {
  if (hasCode(error, 'ENOENT', 'ENOTDIR'))
    return failure(`there is no file ${file}`, 'torch import --help shows what can be named')
  if (hasCode(error, 'EISDIR'))
    return failure(`${file} is a directory`, 'name one of the files in it')
  if (hasCode(error, 'EACCES', 'EPERM'))
    return failure(`${file} may not be read`, `sudo cat ${file} | torch import crontab -`)
  return failure(`${file}: ${messageOf(error)}`, 'name another file, or - for standard input')
}

function failure(message: string, hint: string): TorchError {
  return new TorchError('bad-import', message, { hint })
}
