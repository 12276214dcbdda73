import { counted } from '../text/plural.ts'
import { judgeTasks, type TasksFacts } from './daemon-and-tasks.ts'
import { judgePrograms, type ProgramFacts } from './external-programs.ts'
import type { Finding, Severity } from './finding.ts'
import { type FleetFacts, judgeFleet } from './fleet-machine.ts'
import { type HomeFacts, judgeHome } from './home.ts'
import { judgeMessageTargets, type MessageTargetFacts } from './message-targets.ts'
import { judgeLimits, type LimitFacts } from './resource-limits.ts'
import { judgeSockets, type SocketFacts } from './sockets.ts'
import { judgeScriptCache, type ScriptCacheFacts } from './script-cache.ts'
import { judgeSystem, type SystemFacts } from './system.ts'
import { judgeTime, type TimeFacts } from './time.ts'

/** What the probes found out about a machine, a home and a tasks file. */
export interface Facts {
  readonly tasks: TasksFacts
  readonly home: HomeFacts
  readonly cache: ScriptCacheFacts
  readonly messages: MessageTargetFacts
  readonly programs: ProgramFacts
  readonly sockets: SocketFacts
  readonly time: TimeFacts
  readonly limits: LimitFacts
  readonly system: SystemFacts
  readonly fleet: FleetFacts
}

/** The findings about these facts, always in the same order. */
export function diagnose(facts: Facts): Finding[] {
  return [
    ...judgeTasks(facts.tasks),
    ...judgeHome(facts.home),
    ...judgeScriptCache(facts.cache),
    ...judgeMessageTargets(facts.messages),
    ...judgePrograms(facts.programs),
    ...judgeSockets(facts.sockets),
    ...judgeTime(facts.time),
    ...judgeLimits(facts.limits),
    ...judgeSystem(facts.system),
    ...judgeFleet(facts.fleet),
  ]
}

const severities: readonly Severity[] = ['problem', 'warning', 'note', 'ok']

/** The same findings, the most severe first. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return severities.flatMap((severity) => findings.filter(({ status }) => status === severity))
}

/** True if torch can run here: no finding is a problem. */
export function canRun(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== 'problem')
}

/** One line that says whether torch can run here and counts the findings. */
export function summaryOf(findings: readonly Finding[]): string {
  const counts = severities.flatMap((severity) => {
    const count = findings.filter(({ status }) => status === severity).length
    return severity === 'ok' || count === 0 ? [] : [counted(count, severity)]
  })
  const result = canRun(findings) ? 'torch can run here' : 'torch cannot run here'
  return `${result}: ${counts.length === 0 ? 'nothing is missing' : counts.join(', ')}`
}
