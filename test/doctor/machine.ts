import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { diskFiles } from '../../src/host/files.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'

/** The folders with the files of the machines. closeMachines() removes them. */
const roots: string[] = []

/** Removes all machines; call it in afterEach. */
export function closeMachines(): void {
  for (const root of roots.splice(0)) fs.rmSync(root, { recursive: true })
}

/**
 * A machine that has only the given files. All files are executable, and `a -> b` is a link.
 * `said`: the output of programs, by their name and arguments.
 */
export function machineWith(
  texts: Readonly<Record<string, string>>,
  said: Readonly<Record<string, string>> = {},
): Host & { readonly root: string } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-machine-'))
  for (const [name, text] of Object.entries(texts)) {
    const [place = '', target] = name.split(' -> ')
    fs.mkdirSync(path.dirname(root + place), { recursive: true })
    if (target === undefined) fs.writeFileSync(root + place, text, { mode: 0o755 })
    else fs.symlinkSync(target.startsWith('/') ? root + target : target, root + place)
  }
  roots.push(root)
  const host = thisMachine()
  const runProgram = async (program: string, words: readonly string[]) => {
    const stdout = said[[program, ...words].join(' ')]
    return {
      ok: stdout !== undefined,
      missing: stdout === undefined,
      stdout: stdout ?? '',
      stderr: '',
    }
  }
  const processes = { ...host.processes, uid: 0, runProgram }
  return { ...host, root, processes, files: filesUnder(root) }
}

function filesUnder(root: string): Host['files'] {
  const own = (file: string | undefined) => file?.slice(root.length)
  return {
    ...diskFiles,
    readText: (file) => diskFiles.readText(root + file),
    readBytes: (file, offset, limit) => diskFiles.readBytes(root + file, offset, limit),
    facts: (file) => diskFiles.facts(root + file),
    realPath: (file) => own(diskFiles.realPath(root + file)),
    list: (file) => diskFiles.list(root + file),
    readLink: (file) => diskFiles.readLink(root + file),
    mayWrite: (file) => diskFiles.mayWrite(root + file),
    space: (file) => diskFiles.space(root + file),
  }
}

/** The same machine, seen by another user. */
export function asUser(host: Host, uid: number): Host {
  return { ...host, processes: { ...host.processes, uid } }
}
