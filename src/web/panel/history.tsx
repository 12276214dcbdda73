import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { TaskView } from '../../http/api.ts'
import type { DayKind } from '../model/address.ts'
import { badOutcomes, outcomes } from '../model/outcomes.ts'
import { address, now, show } from '../state.ts'
import { RowTable } from './row-table.tsx'

const dayMs = 86_400_000

/** The runs of a task and the slots that did not start, newest first. */
export function History({ task }: { task: TaskView }): JSX.Element {
  const { only } = address.value
  const fields = [
    ['task', task.name] as const,
    ...(only === null ? [] : [['outcome', only] as const]),
  ]
  return (
    <>
      <label class="only">
        Outcome{' '}
        <select
          value={only ?? ''}
          onChange={(event) => show({ only: event.currentTarget.value || null })}
        >
          <option value="">all</option>
          {outcomes.map((outcome) => (
            <option key={outcome}>{outcome}</option>
          ))}
        </select>
      </label>
      <RowTable
        of={task}
        fields={fields}
        fits={(row) => row.task === task.name && (only === null || row.outcome === only)}
      />
    </>
  )
}

/** What failed, was missed or was skipped in the last 24 hours, of all tasks. */
export function DayRows({ kind }: { kind: DayKind }): JSX.Element {
  const since = useMemo(() => new Date(now.peek() - dayMs).toISOString(), [kind])
  const wanted: readonly string[] = kind === 'failed' ? badOutcomes : [kind]
  const fields = [
    ['since', since] as const,
    ...wanted.map((outcome) => ['outcome', outcome] as const),
  ]
  return <RowTable fields={fields} fits={({ outcome }) => wanted.includes(outcome)} />
}
