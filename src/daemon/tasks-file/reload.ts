import type { ReloadReport } from '../../control/protocol.ts'
import { problemLine } from '../../tasks/file/report.ts'
import { applyTasks } from './apply.ts'
import { type Loaded, loadTasks } from './load.ts'
import type { Torch } from '../state.ts'

/** What asked for a reload. */
export type ReloadCause = 'signal' | 'command' | 'file'

/** `expected`: the content that the watch saw settle; another one is not taken, it will settle too. */
export type Reload = (cause: ReloadCause, expected?: string) => Promise<ReloadReport>

/**
 * The one way to reload, whoever asks. One at a time; whoever asks while one is at work shares the
 * next, which reads the file after the question, so that a thousand signals are two reloads.
 */
export function makeReload(torch: Torch): Reload {
  let current: Promise<ReloadReport> | undefined
  let following: Promise<ReloadReport> | undefined
  let awaited: { cause: ReloadCause; expected: string | undefined }
  const begin: Reload = (cause, expected) => {
    current = reload(torch, cause, expected).finally(() => {
      current = undefined
      if (torch.refused?.again === true) tryAgainLater()
    })
    return current
  }
  const tryAgainLater = (): void =>
    void torch.host.clock.after(againMs, () => {
      if (torch.refused?.again === true && torch.phase === 'running') void ask('file')
    })
  const ask: Reload = (cause, expected) => {
    if (current === undefined) return begin(cause, expected)
    // Who asks for whatever is there gets it, also where the watch waits for a content of its own.
    if (following === undefined || expected === undefined) awaited = { cause, expected }
    following ??= current
      .catch(() => {})
      .then(() => {
        following = undefined
        return begin(awaited.cause, awaited.expected)
      })
    return following
  }
  return ask
}

/** Until what the machine refused, and not the file, is tried again. */
const againMs = 5_000

async function reload(
  torch: Torch,
  cause: ReloadCause,
  expected: string | undefined,
): Promise<ReloadReport> {
  // Somebody asked for it before the watch saw it: it is loaded.
  if (expected === torch.loaded.hash && torch.refused === undefined)
    return { ...reportOf(torch, torch.loaded), verdict: 'unchanged' }
  const loaded = await loadTasks(torch.host, torch.settings.tasks, {
    machine: torch.facts,
    known: torch.loaded.known,
    apart: true,
  })
  if (expected !== undefined && loaded.hash !== expected)
    return { ...reportOf(torch, loaded), verdict: 'unchanged' }
  if (loaded.file === undefined) return refuse(torch, loaded, cause)
  return take(torch, { ...loaded, file: loaded.file }, cause)
}

/** A bad file changes nothing: the last good one stays. */
function refuse(torch: Torch, loaded: Loaded, cause: ReloadCause): ReloadReport {
  const isTold = torch.refused?.again === true && loaded.again === true
  torch.refused = loaded
  const first = loaded.problems.find((problem) => problem.severity === 'error')
  if (!isTold)
    torch.log.error(
      'refuse',
      {
        cause,
        file: loaded.path,
        revision: loaded.revision,
        problems: loaded.problems.map(problemLine),
      },
      `the tasks file was not taken, the last good one stays: ${first === undefined ? '' : problemLine(first)}`,
    )
  return { ...reportOf(torch, loaded), verdict: 'refused' }
}

async function take(
  torch: Torch,
  loaded: Torch['loaded'],
  cause: ReloadCause,
): Promise<ReloadReport> {
  const plan = await applyTasks(torch, loaded)
  if (plan === undefined) return { ...reportOf(torch, loaded), verdict: 'unchanged' }
  const wasRefused = torch.refused !== undefined
  torch.refused = undefined
  const changes = {
    added: [...plan.added],
    removed: [...plan.removed],
    changed: [...plan.changed],
  }
  const isSame = Object.values(changes).every((names) => names.length === 0)
  if (!isSame || wasRefused || cause !== 'file')
    torch.log.info(
      'load',
      {
        cause,
        file: loaded.path,
        revision: loaded.revision,
        tasks: loaded.file.tasks.length,
        ...changes,
      },
      isSame ? 'the tasks file says the same' : `the tasks file changed: ${countsOf(changes)}`,
    )
  const report: ReloadReport = {
    ...reportOf(torch, loaded),
    ...changes,
    verdict: isSame ? 'unchanged' : 'loaded',
  }
  if (isSame && cause === 'command') return freshReport(torch) ?? report
  const atMs = torch.host.clock.monotonic()
  torch.lastChange = cause === 'file' ? { report, hash: loaded.hash, atMs } : undefined
  return report
}

/** A person who edits and then types `torch reload` is slower than the watch. */
const freshMs = 5_000

/** What the watch has just taken of this very content: told to the first who asks. */
function freshReport(torch: Torch): ReloadReport | undefined {
  const last = torch.lastChange
  torch.lastChange = undefined
  if (last === undefined || last.hash !== torch.loaded.hash) return undefined
  return torch.host.clock.monotonic() - last.atMs <= freshMs ? last.report : undefined
}

function reportOf(torch: Torch, loaded: Loaded): Omit<ReloadReport, 'verdict'> {
  return {
    path: loaded.path,
    revision: loaded.revision,
    tasks: torch.loaded.file.tasks.length,
    added: [],
    removed: [],
    changed: [],
    problems: [...loaded.problems],
  }
}

function countsOf(changes: { added: string[]; removed: string[]; changed: string[] }): string {
  const { added, removed, changed } = changes
  return `${added.length} added, ${changed.length} changed, ${removed.length} removed`
}
