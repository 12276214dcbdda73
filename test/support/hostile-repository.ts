import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { gitEnvironment, newRepository, type Repository } from './repository.ts'

/** A repository in which everything that git can be made to execute leaves a file in `traces`. */
export interface HostileRepository extends Repository {
  /** The names of the traps that git ran into. */
  traps(): string[]
}

/**
 * Makes such a repository in a folder, with two commits of a tasks file, and with a promised object that is
 * missing. `traces` is a folder outside that everybody may write.
 */
export function newHostileRepository(folder: string, traces: string): HostileRepository {
  const repository = newRepository(folder)
  const trap = (name: string): string => {
    const script = path.join(traces, `${name}.sh`)
    const lines = ['#!/bin/sh', `echo "$0 $*" >>${traces}/${name}.trace`, 'exit 1', '']
    fs.writeFileSync(script, lines.join('\n'))
    fs.chmodSync(script, 0o755)
    return script
  }
  fs.mkdirSync(traces, { recursive: true })
  const valid = 'tasks:\n  t: { schedule: "@yearly", command: [true] }\n'
  repository.write('tasks.yaml', valid)
  repository.write('ops/a.yaml', valid)
  repository.commit('one')
  repository.write('tasks.yaml', `${valid}  u: { schedule: "@yearly", command: [true] }\n`)
  repository.commit('two')
  repository.git('tag', 'v1')
  repository.write(
    '.git/info/attributes',
    '* filter=trap diff=trap merge=trap text eol=crlf ident\n',
  )
  repository.write('.gitattributes', '* filter=trap diff=trap\n')
  for (const [name, key] of settings) repository.git('config', key, trap(name))
  for (const name of hooks)
    fs.copyFileSync(trap(`hook-${name}`), path.join(folder, '.git/hooks', name))
  repository.git('config', 'filter.trap.required', 'true')
  repository.git('config', 'protocol.allow', 'always')
  for (const name of ['ext', 'file', 'ssh', 'https'])
    repository.git('config', `protocol.${name}.allow`, 'always')
  // A missing object is fetched from a remote that is a program.
  repository.git('config', 'core.repositoryFormatVersion', '1')
  repository.git('config', 'extensions.partialClone', 'origin')
  repository.git('config', 'remote.origin.url', `ext::${trap('remote-ext')} %S`)
  repository.git('config', 'remote.origin.promisor', 'true')
  repository.git('config', 'remote.second.url', `${traces}/none`)
  repository.git('config', 'remote.second.promisor', 'true')
  repository.git('config', 'remote.second.uploadpack', trap('uploadpack'))
  repository.git('config', 'remote.third.url', 'ssh://localhost/none')
  repository.git('config', 'remote.third.promisor', 'true')
  const objects = path.join(folder, '.git/objects')
  for (const name of ['HEAD~1:tasks.yaml', 'HEAD:ops', 'HEAD~1^{tree}']) {
    const hash = repository.git('rev-parse', name)
    fs.rmSync(path.join(objects, hash.slice(0, 2), hash.slice(2)), { force: true })
  }
  // A branch whose commit is missing too. git checks none of it.
  const nowhere = '1234567890123456789012345678901234567890'
  repository.write('.git/refs/heads/nowhere', `${nowhere}\n`)
  fs.utimesSync(path.join(folder, 'tasks.yaml'), 1, 1)
  clear(traces)
  return { ...repository, traps: () => fs.readdirSync(traces).filter((name) => isTrace(name)) }
}

const settings = [
  ['clean', 'filter.trap.clean'],
  ['smudge', 'filter.trap.smudge'],
  ['process', 'filter.trap.process'],
  ['textconv', 'diff.trap.textconv'],
  ['driver', 'diff.trap.command'],
  ['external', 'diff.external'],
  ['merge', 'merge.trap.driver'],
  ['fsmonitor', 'core.fsmonitor'],
  ['pager', 'core.pager'],
  ['editor', 'core.editor'],
  ['ssh', 'core.sshCommand'],
  ['askpass', 'core.askPass'],
  ['proxy', 'core.gitProxy'],
  ['alternates', 'core.alternateRefsCommand'],
  ['credential', 'credential.helper'],
  ['gpg', 'gpg.program'],
  ['pack-objects', 'uploadpack.packObjectsHook'],
] as const

const hooks = [
  'post-index-change',
  'post-checkout',
  'reference-transaction',
  'pre-auto-gc',
  'fsmonitor-watchman',
]

function isTrace(name: string): boolean {
  return name.endsWith('.trace')
}

function clear(traces: string): void {
  for (const name of fs.readdirSync(traces)) if (isTrace(name)) fs.rmSync(path.join(traces, name))
}

/** Gives everything in a folder to a user. */
export function giveTo(uid: number, folder: string): void {
  spawnSync('chown', ['-Rh', `${uid}:${uid}`, folder])
}

/** Runs plain git in such a repository, as a careless program would: shows that the traps work. */
export function runPlainGit(folder: string, ...args: readonly string[]): void {
  const env = { ...process.env, ...gitEnvironment }
  spawnSync('git', ['-c', 'safe.directory=*', '-C', folder, ...args], { env, timeout: 10_000 })
}
