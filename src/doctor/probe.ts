import path from 'node:path'
import type { Host } from '../host/host.ts'
import { programFolders } from '../host/programs.ts'
import { quietly } from '../host/system-error.ts'

/** A probe waits no longer than this for a program. */
const maxProgramMs = 2_000

/** The output of a program; undefined if it is missing, fails, or takes too long. */
export async function outputOf(
  { processes }: Host,
  program: string,
  ...args: string[]
): Promise<string | undefined> {
  const options = { timeoutMs: maxProgramMs, env: { LC_ALL: 'C' } }
  const { ok, stdout } = await processes.runProgram(program, args, options)
  return ok ? stdout : undefined
}

/** Where torch itself finds a program; undefined if it is nowhere. */
export function which(host: Host, program: string): string | undefined {
  return programFolders()
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, program))
    .find((file) => isProgram(host, file))
}

export function isProgram(host: Host, file: string): boolean {
  const facts = quietly(() => host.files.facts(file))
  return facts?.kind === 'file' && (facts.mode & 0o111) !== 0
}

/** True if the file is a link to busybox. */
export function isBusybox(host: Host, file: string | undefined): boolean {
  const real = file && quietly(() => host.files.realPath(file))
  return real !== undefined && path.basename(real).startsWith('busybox')
}

export function exists(host: Host, file: string): boolean {
  return quietly(() => host.files.facts(file)) !== undefined
}

/** The text of a short file, such as one under /proc; empty if it cannot be read. */
export function textOf(host: Host, file: string): string {
  return quietly(() => host.files.readText(file)) ?? ''
}
