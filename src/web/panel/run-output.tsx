import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RunAnswer, TaskView } from '../../http/api.ts'
import { getJson } from '../ask.ts'
import { fullTime, outcomeWords, roughly, triggerWords } from '../model/words.ts'
import { OutputView } from '../output/output-view.tsx'
import { plainLine } from '../../text/sanitize.ts'
import { isOfAll, lastRows, now, statusVersion, zone } from '../state.ts'
import { shortRevision } from '../timeline/mark-words.ts'
import { useAsked } from './asked.ts'

/** What a run printed: the chosen one, else the one that runs, else the last one. */
export function RunOutput({ task, run }: { task: TaskView; run: string | null }): JSX.Element {
  const id = run ?? task.running[0]?.run ?? task.last?.run ?? null
  // A new run does not take the place of the output that a person reads.
  const first = useMemo(() => id, [task.name, run, id === null])
  if (first === null) return <p class="note">This task has not run yet, so there is no output.</p>
  return (
    <>
      <RunFacts run={first} />
      {id !== first && <p class="note">A newer run has begun. Press l to see it.</p>}
      <OutputView run={first} />
    </>
  )
}

function RunFacts({ run }: { run: string }): JSX.Element | null {
  const news = lastRows.value.find((row) => row.run === run)
  const asked = useAsked<RunAnswer>(
    (signal) => getJson(`runs/${encodeURIComponent(run)}`, [], signal),
    run,
    `${news?.outcome} ${statusVersion.value}`,
  )
  if (asked.kind === 'failed') return <p class="note tone-bad">{asked.why}</p>
  if (asked.kind === 'asking') return null
  const { row, why } = asked.answer
  const { startedAt, durationMs, attempt, lateMs, trigger, revision } = row
  const started = startedAt === null ? null : Date.parse(startedAt)
  const facts = [
    isOfAll.value ? `on ${plainLine(row.host)}` : '',
    started === null ? '' : fullTime(zone, started),
    durationMs !== null
      ? `took ${roughly(durationMs)}`
      : started !== null && row.outcome === 'running'
        ? `for ${roughly(Math.max(0, Math.floor((now.value - started) / 1000) * 1000))}`
        : '',
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : '',
    lateMs !== null && lateMs > 1000 ? `${roughly(lateMs)} late` : '',
    trigger === null ? '' : `started ${triggerWords(trigger)}`,
    revision === null ? '' : `revision ${shortRevision(revision)}`,
  ]
  return (
    <>
      <p class="run-facts">
        <b>{outcomeWords(row)}</b> {facts.filter(Boolean).join(' · ')}
      </p>
      {why !== undefined && (
        <p class="note">
          The output is on its machine, and can be read when that is up: {plainLine(why)}.
        </p>
      )}
    </>
  )
}
