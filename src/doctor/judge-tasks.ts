import { counted } from '../text/plural.ts'
import { type Finding, findingsOf, note, ok, problem, type Verdict, warning } from './finding.ts'

/** The daemon of the home, the tasks file, and what this machine is to it. */
export interface TasksFacts {
  readonly daemon: DaemonState
  /** What starts one. */
  readonly start: string
  /** Of this torch. */
  readonly version: string
  readonly file: FileState
  readonly host: HostFacts
  /** As git says it: `git version 2.39.5`; undefined: it is not there. */
  readonly git: string | undefined
}

/** The tasks file, as this user finds it. */
export type FileState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'bad'
      readonly path: string
      readonly errors: number
      readonly first: string
      /** Of the first, where that is all there is to say. */
      readonly hint: string | undefined
      /** It is that of the daemon, which still has an earlier one. */
      readonly hasLastGood: boolean
    }
  | {
      readonly kind: 'good'
      readonly path: string
      readonly total: number
      readonly here: number
      readonly warnings: number
      readonly revision: string | null
      /** What others may write, and so decide what runs here: it, or the folder that it is in. */
      readonly open: string | undefined
    }

interface HostFacts {
  readonly name: string
  readonly addresses: readonly string[]
}

export type DaemonState =
  | { readonly kind: 'none' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'silent'; readonly words: string; readonly hint: string | null }
  | {
      readonly kind: 'runs'
      readonly pid: number
      readonly version: string
      readonly isStopping: boolean
    }

export function tasksFindings(facts: TasksFacts): Finding[] {
  return findingsOf({
    daemon: checkDaemon(facts),
    tasks: checkFile(facts),
    host: checkHost(facts),
    git: checkGit(facts),
  })
}

function checkDaemon({ daemon, start, version }: TasksFacts): Verdict {
  switch (daemon.kind) {
    case 'none':
      return note('none runs', { hint: start })
    case 'denied':
      return note('that of another user, or none: its socket is not for this one', {
        hint: 'run torch as that user, or as root',
      })
    case 'silent':
      return warning(daemon.words, { hint: daemon.hint })
    case 'runs': {
      const found = `pid ${daemon.pid}, torch ${daemon.version}`
      if (daemon.isStopping) return note(`${found}, is stopping`)
      if (daemon.version === version) return ok(found)
      return warning(`${found}, and this is torch ${version}`, { hint: 'torch restart' })
    }
  }
}

function checkFile({ file }: TasksFacts): Verdict {
  switch (file.kind) {
    case 'none':
      return note('none is named, and there is no ./tasks.yaml', {
        hint: 'name it: --tasks F, or TORCH_TASKS',
      })
    case 'bad': {
      const { path, errors, first } = file
      const found = errors > 1 ? `${first} (and ${errors - 1} more)` : first
      const hint = file.hint ?? `torch validate ${path} shows all of it`
      if (!file.hasLastGood) return problem(found, { hint })
      return warning(found, { instead: 'the daemon goes on with the last good file', hint })
    }
    case 'good':
      return checkGood(file)
  }
}

function checkGood(file: FileState & { readonly kind: 'good' }): Verdict {
  const { path, total, here, warnings, open } = file
  const found = `${path}: ${counted(total, 'task')}, ${here} here`
  if (open !== undefined)
    return warning(`others may write ${open}, and so say what runs here`, {
      hint: `chmod go-w ${open}`,
    })
  if (warnings > 0)
    return note(`${found}; ${counted(warnings, 'warning')}`, { hint: `torch validate ${path}` })
  return ok(found)
}

/** What this machine is to `hosts` in the file. */
function checkHost({ host: { name, addresses }, file }: TasksFacts): Verdict {
  const found = [name, ...addresses].join(' ')
  if (file.kind === 'good' && file.total > 0 && file.here === 0)
    return warning(`${found}: no task of the file runs here`, {
      hint: 'see hosts in the file; --address gives this machine other addresses',
    })
  if (addresses.length > 0) return ok(found)
  return note(`${found}, without an address but loopback`, {
    hint: '--address gives it those that hosts in the file asks for',
  })
}

function checkGit({ git, file }: TasksFacts): Verdict {
  const instead = 'runs are on record without a revision'
  if (git === undefined) return note('not there', { instead, hint: 'install git' })
  const found = git.replace(/^git version (\S+).*$/s, 'git $1')
  if (file.kind !== 'good') return ok(found)
  const { path, revision } = file
  if (revision === null)
    return note(`${found}; ${path} is not in a repository`, {
      instead,
      hint: 'with the file in git it is known what changed, when, and by whom',
    })
  if (!revision.endsWith('-dirty')) return ok(`${found}, at revision ${revision}`)
  return note(`${found}; ${path} is not as in ${revision.replace(/-dirty$/, '')}`, {
    hint: 'commit it, or bring it back: git status',
  })
}
