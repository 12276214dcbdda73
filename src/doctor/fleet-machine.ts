import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import { TorchError } from '../errors.ts'
import type { HostAnswer } from '../fleet/ask.ts'
import { lookAtFleet } from '../fleet/nats/look-at-engine.ts'
import type { FleetSettings } from '../fleet/settings.ts'
import type { Host } from '../host/host.ts'
import { defaultPath } from '../run/environment.ts'
import { recorderShell } from '../run/recorder.ts'
import type { Task } from '../tasks/task.ts'
import { fieldsOf } from '../text/fields-of.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  namesOf,
  note,
  ok,
  problem,
  warning,
} from './finding.ts'
import { type FleetEngineFacts, judgeFleetEngine } from './fleet-engine.ts'
import { isProgram } from './probe.ts'

/** How this machine takes part in its fleet. */
export type FleetFacts =
  /** The config file has no section `fleet`. */
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly message: string; readonly hint: string | null }
  | {
      readonly kind: 'good'
      readonly engine: FleetEngineFacts
      readonly machine: MachineFacts
    }

interface MachineFacts {
  /** The name of this machine in the fleet. */
  readonly host: string
  readonly daemon: DaemonFacts
  /** Otherwise nobody can answer. */
  readonly isEngineUp: boolean
  /** The version of the time zone data of this Node. */
  readonly tz: string
  /** Each daemon that answers. */
  readonly answers: readonly {
    readonly host: string
    readonly session: string
    readonly tz: string
  }[]
  /** Why the guard cannot run; undefined: it can. */
  readonly whyNoGuard: string | undefined
  /** Tasks here whose runs end when the engine is not heard. */
  readonly fenced: readonly string[]
  /** Tasks here that run nats-server, and where it is; undefined: none does. */
  readonly server:
    { readonly tasks: readonly string[]; readonly missing: readonly string[] } | undefined
}

/** The daemon of this home. */
type DaemonFacts =
  | { readonly kind: 'none' | 'unknown' | 'no fleet' }
  | { readonly kind: 'member'; readonly session: string }

interface FleetProbe {
  /** The section, checked; undefined: there is none. Throws TorchError. */
  readonly settings: () => FleetSettings | undefined
  /** The control socket. */
  readonly socket: string
  /** The tasks that run here, if known. */
  readonly here: readonly Task[] | undefined
}

/** Looks at the engine and at this machine, if it is in a fleet. It stores a claim and a place of its own. */
export async function probeFleet(
  host: Host,
  { settings: read, socket, here = [] }: FleetProbe,
): Promise<FleetFacts> {
  let settings: FleetSettings | undefined
  try {
    settings = read()
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    return { kind: 'bad', message: error.message, hint: error.hint ?? null }
  }
  if (settings === undefined) return { kind: 'none' }
  const { name, login } = settings
  const [look, daemon, whyNoGuard] = await Promise.all([
    lookAtFleet(host, settings),
    daemonOf(socket, settings.host),
    whyNoGuardOn(host),
  ])
  const machine = {
    ...{ host: settings.host, daemon, tz: process.versions['tz'] ?? '', whyNoGuard },
    isEngineUp: look.engine !== undefined,
    answers: (look.engine?.answers ?? []).flatMap(beatOf),
    fenced: here.filter(({ fleet }) => fleet?.fenceMs !== undefined).map((task) => task.name),
    server: serverProgram(host, here),
  }
  return { kind: 'good', engine: { name, login: login.kind, look }, machine }
}

async function daemonOf(socket: string, host: string): Promise<DaemonFacts> {
  try {
    const { members } = await askDaemon(socket, 'fleetState', {}, { timeoutMs: 5_000 })
    const own = members.find((member) => member.host === host)
    return own === undefined ? { kind: 'no fleet' } : { kind: 'member', session: own.session }
  } catch (error) {
    const code = error instanceof TorchError ? error.code : undefined
    if (code === 'no-daemon') return { kind: 'none' }
    return { kind: code === 'no-fleet' ? 'no fleet' : 'unknown' }
  }
}

/** It comes from another machine, and maybe from another version of torch. */
function beatOf(answer: HostAnswer): MachineFacts['answers'][number][] {
  const value = 'value' in answer ? answer.value : undefined
  const { session, tz } = fieldsOf(fieldsOf(value)['beat'])
  if (typeof session !== 'string' || typeof tz !== 'string') return []
  return [{ host: answer.host, session, tz }]
}

/** What the guard needs: see guard-script.ts. */
const guardNeeds = `read -r up _ </proc/uptime && read -r own </proc/$$/stat || exit
for each in sleep date rm; do
  command -v "$each" >/dev/null || { echo "$each is missing" >&2; exit 1; }
done`

async function whyNoGuardOn({ processes }: Host): Promise<string | undefined> {
  const options = { timeoutMs: 2_000, env: { PATH: defaultPath, LC_ALL: 'C' } }
  const { ok: isFine, stderr } = await processes.runProgram(
    recorderShell,
    ['-c', guardNeeds],
    options,
  )
  return isFine ? undefined : (stderr.trim().split('\n')[0] ?? '') || `${recorderShell} failed`
}

function serverProgram(host: Host, here: readonly Task[]): MachineFacts['server'] {
  const found = here.flatMap((task) => {
    const program = programOf(task)
    return path.basename(program) === 'nats-server' ? [{ task, program }] : []
  })
  if (found.length === 0) return undefined
  const missing = found.filter(({ task, program }) => !isThere(host, task, program))
  const names = (list: typeof found) => list.map(({ task }) => task.name)
  return { tasks: names(found), missing: names(missing) }
}

/** The first word of a command; a shell may `exec` it. */
function programOf({ command }: Task): string {
  if (command === undefined) return ''
  if (typeof command !== 'string') return command[0] ?? ''
  return /^\s*(?:exec\s+)?(\S+)/.exec(command)?.[1] ?? ''
}

function isThere(host: Host, { env, cwd = '/' }: Task, program: string): boolean {
  if (program.includes('/')) return isProgram(host, path.resolve(cwd, program))
  const folders = (env['PATH'] ?? defaultPath).split(':').filter((folder) => folder !== '')
  return folders.some((folder) => isProgram(host, path.join(folder, program)))
}

/** All rows about the fleet; none without a section. */
export function judgeFleet(facts: FleetFacts): Finding[] {
  switch (facts.kind) {
    case 'none':
      return []
    case 'bad':
      return findingsOf({ fleet: problem(facts.message, { hint: facts.hint }) })
    case 'good':
      return [
        ...judgeFleetEngine(facts.engine),
        ...findingsOf({
          'fleet-name': checkName(facts.machine),
          'fleet-tzdata': checkZoneData(facts.machine),
          'fleet-guard': checkGuard(facts.machine),
          'nats-server': checkServerProgram(facts.machine),
        }),
      ]
  }
}

function checkName({ host, daemon, answers, isEngineUp }: MachineFacts): CheckResult | undefined {
  const own = answers.filter((answer) => answer.host === host)
  const sessions = new Set(own.map(({ session }) => session))
  if (daemon.kind === 'member') sessions.delete(daemon.session)
  const allowed = daemon.kind === 'unknown' ? 1 : 0
  if (sessions.size > allowed)
    return warning(`another daemon says that it is ${host}`, {
      instead: 'while two daemons have one name, neither starts anything of the fleet',
      hint: 'give each machine its own host in the section fleet',
    })
  if (daemon.kind === 'no fleet')
    return warning(`${host}: the daemon was started before the section fleet was written`, {
      hint: 'torch stop --leave, then torch start: its runs continue',
    })
  // Without the engine no other daemon is heard.
  return isEngineUp ? ok(`${host}: no other daemon has this name`) : undefined
}

function checkZoneData({ host, tz, answers }: MachineFacts): CheckResult {
  const others = answers.filter((answer) => answer.host !== host)
  const odd = others.filter((answer) => answer.tz !== tz)
  if (odd.length === 0)
    return ok(others.length === 0 ? `${tz}; no other machine answers` : `${tz} on all machines`)
  const versions = [...new Set(odd.map((answer) => answer.tz))].map((version) => {
    const names = odd.filter((answer) => answer.tz === version).map((answer) => answer.host)
    return `${version} on ${namesOf(names)}`
  })
  return warning(`${tz} here, ${versions.join(', ')}: a schedule may have other slots there`, {
    hint: 'use the same version of Node on all machines: it has the time zone data',
  })
}

function checkGuard({ whyNoGuard, fenced }: MachineFacts): CheckResult {
  if (whyNoGuard === undefined) return ok('it can end runs in time, also without the daemon')
  const found = `the guard cannot run: ${whyNoGuard}`
  const hint = `it needs ${recorderShell}, sleep, date, rm and /proc`
  if (fenced.length === 0) return note(found, { hint })
  return warning(`${found} (${namesOf(fenced)})`, {
    instead: 'only the daemon ends runs that have lost their place',
    hint,
  })
}

function checkServerProgram({ server }: MachineFacts): CheckResult | undefined {
  if (server === undefined) return undefined
  const { tasks, missing } = server
  if (missing.length === 0) return ok(`${namesOf(tasks)} can start it`)
  return warning(`${namesOf(missing)} cannot start: nats-server was not found`, {
    hint: 'apt install nats-server, and systemctl disable --now nats-server',
  })
}
