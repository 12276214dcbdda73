import path from 'node:path'
import type { Host } from '../host/host.ts'

/** No program is waited for longer. */
const maxProgramMs = 2_000

/** What is read; undefined where it cannot be: a doctor goes on. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** What a program says; undefined where it is not there, fails, or takes too long. */
export async function said(
  { processes }: Host,
  program: string,
  ...args: string[]
): Promise<string | undefined> {
  const options = { timeoutMs: maxProgramMs, env: { LC_ALL: 'C' } }
  const { ok, stdout } = await processes.runProgram(program, args, options)
  return ok ? stdout : undefined
}

/** Where a program is, by a PATH; undefined: nowhere. */
export function which(host: Host, program: string, folders: string): string | undefined {
  return folders
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, program))
    .find((file) => isProgram(host, file))
}

export function isProgram(host: Host, file: string): boolean {
  const facts = quietly(() => host.files.facts(file))
  return facts?.kind === 'file' && (facts.mode & 0o111) !== 0
}

/** Whether it is one of the programs that busybox plays. */
export function isBusybox(host: Host, file: string | undefined): boolean {
  const real = file && quietly(() => host.files.realPath(file))
  return real !== undefined && path.basename(real).startsWith('busybox')
}

/** Where torch itself finds programs. */
export function ownPath(): string {
  return process.env['PATH'] ?? ''
}

/** A file of the kernel's, of a few lines. */
export function textOf(host: Host, file: string): string {
  return quietly(() => host.files.readText(file)) ?? ''
}
