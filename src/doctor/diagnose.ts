import { counted } from '../text/plural.ts'
import { type BoundFacts, boundFindings } from './judge-limits.ts'
import type { Finding, Weight } from './finding.ts'
import { type HomeFacts, homeFindings } from './judge-home.ts'
import { type ProgramFacts, programFindings } from './judge-programs.ts'
import { type SystemFacts, systemFindings } from './judge-system.ts'
import { type TasksFacts, tasksFindings } from './judge-tasks.ts'
import { type TimeFacts, timeFindings } from './judge-time.ts'

/** All that is to be known of a machine, a home and a tasks file. */
export interface Facts {
  readonly tasks: TasksFacts
  readonly home: HomeFacts
  readonly programs: ProgramFacts
  readonly time: TimeFacts
  readonly bounds: BoundFacts
  readonly system: SystemFacts
}

/** What is to be said of them, always in the same order. */
export function diagnose(facts: Facts): Finding[] {
  return [
    ...tasksFindings(facts.tasks),
    ...homeFindings(facts.home),
    ...programFindings(facts.programs),
    ...timeFindings(facts.time),
    ...boundFindings(facts.bounds),
    ...systemFindings(facts.system),
  ]
}

const weights: readonly Weight[] = ['problem', 'warning', 'note', 'ok']

/** The same, what matters first. */
export function byWeight(findings: readonly Finding[]): Finding[] {
  return weights.flatMap((weight) => findings.filter(({ status }) => status === weight))
}

/** Whether torch can run here: nothing is a problem. */
export function canRun(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== 'problem')
}

/** The last line. */
export function verdictWords(findings: readonly Finding[]): string {
  const counts = weights
    .filter((weight) => weight !== 'ok')
    .map((weight) => [weight, findings.filter(({ status }) => status === weight).length] as const)
    .flatMap(([weight, count]) => (count === 0 ? [] : [counted(count, weight)]))
  const words = canRun(findings) ? 'torch can run here' : 'torch cannot run here'
  return `${words}: ${counts.length === 0 ? 'nothing is missing' : counts.join(', ')}`
}
