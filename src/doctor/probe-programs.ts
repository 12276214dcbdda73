import type { Host } from '../host/host.ts'
import {
  type ProgramFacts,
  type Wrapper,
  type WrapperFacts,
  wrapperNames,
} from './judge-programs.ts'
import { defaultPath } from '../run/environment.ts'
import { recorderShell } from '../run/recorder.ts'
import type { Task } from '../tasks/task.ts'
import { isBusybox, isProgram, ownPath, quietly, which } from './probe.ts'

/** The programs that torch and its runs are made of. `here`: the tasks that run here, where known. */
export function lookAtPrograms(host: Host, here: readonly Task[] | undefined): ProgramFacts {
  const fallocate = which(host, 'fallocate', ownPath())
  const wrappers = Object.fromEntries(
    wrapperNames.map((name) => [name, lookAtWrapper(host, name, here)]),
  ) as Record<Wrapper, WrapperFacts>
  return {
    version: process.versions.node,
    node: process.execPath,
    sh: isProgram(host, recorderShell)
      ? quietly(() => host.files.realPath(recorderShell))
      : undefined,
    missingShells: missingShells(host, here ?? []),
    flock: which(host, 'flock', ownPath()),
    fallocate: { path: fallocate, isBusybox: isBusybox(host, fallocate) },
    wrappers,
    whyNoPosixSpawn: host.processes.launcher().why,
  }
}

/** It is looked for as the recorder does: in the PATH of the run. */
function lookAtWrapper(host: Host, name: Wrapper, here: readonly Task[] | undefined): WrapperFacts {
  const users = here?.filter(uses[name])
  const found = which(host, name, defaultPath)
  const without = users?.filter(({ env }) => {
    const folders = env['PATH']
    return folders !== undefined && which(host, name, folders) === undefined
  })
  return {
    path: found,
    isBusybox: isBusybox(host, found),
    users: users && names(users),
    without: names(without ?? []),
  }
}

const uses: Readonly<Record<Wrapper, (task: Task) => boolean>> = {
  nice: ({ nice }) => nice !== 0,
  prlimit: ({ limits }) => Object.values(limits).some((limit) => limit !== undefined),
  setpriv: asksForUser,
}

/** Whether a task says whom it runs as. */
export function asksForUser({ user, group }: Task): boolean {
  return user !== undefined || group !== undefined
}

function missingShells(host: Host, here: readonly Task[]): ProgramFacts['missingShells'] {
  const byShell = (shell: string) =>
    here.filter((task) => task.shell === shell && typeof task.command === 'string')
  const shells = [...new Set(here.map(({ shell }) => shell))]
  return shells
    .map((shell) => ({ shell, tasks: names(byShell(shell)) }))
    .filter(({ shell, tasks }) => tasks.length > 0 && !isProgram(host, shell))
}

function names(tasks: readonly Task[]): string[] {
  return tasks.map(({ name }) => name)
}
