import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { HistoryAnswer, TaskView } from '../../http/api.ts'
import { getJson, isAborted, problemWords } from '../ask.ts'
import type { HistoryRow, Outcome } from '../model/model.ts'
import { fullTime, outcomeWords, roughly } from '../model/words.ts'
import { SignIcon } from '../signs.tsx'
import { address, lastRows, linkTo, opened, show, statusVersion, zone } from '../state.ts'
import { shortRevision } from '../timeline/mark-words.ts'

const pageRows = 100
const outcomes: readonly Outcome[] = [
  'ok',
  'failed',
  'timeout',
  'killed',
  'spawn-failed',
  'unknown',
  'skipped',
  'missed',
  'running',
]

/** The runs of a task and the slots that did not start, newest first. */
export function History({ task }: { task: TaskView }): JSX.Element {
  const { only } = address.value
  const [rows, setRows] = useState<readonly HistoryRow[]>([])
  const [before, setBefore] = useState<string | null>(null)
  const [state, setState] = useState('Loading')

  const load = async (from: string | null, signal?: AbortSignal): Promise<void> => {
    const fields = [
      ['task', task.name] as const,
      ['limit', String(pageRows)] as const,
      ...(only === null ? [] : [['outcome', only] as const]),
      ...(from === null ? [] : [['before', from] as const]),
    ]
    try {
      const answer = await getJson<HistoryAnswer>('history', fields, signal)
      setRows((have) => (from === null ? answer.rows : [...have, ...answer.rows]))
      setBefore(answer.before)
      setState('')
    } catch (error) {
      if (!isAborted(error)) setState(problemWords(error))
    }
  }
  useEffect(() => {
    const closing = new AbortController()
    setRows([])
    setBefore(null)
    setState('Loading')
    void load(null, closing.signal)
    return () => closing.abort()
  }, [task.name, only, statusVersion.value])
  useEffect(() => {
    const news = lastRows.value.filter(
      (row) =>
        row.task === task.name && row.host === task.host && (only === null || row.outcome === only),
    )
    if (news.length > 0) setRows((have) => withNews(have, news))
  }, [lastRows.value])

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
      {rows.length > 0 && (
        <table class="history">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              <th scope="col">Revision</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={keyOf(row)} row={row} task={task} />
            ))}
          </tbody>
        </table>
      )}
      {state !== '' && <p class="note">{state}</p>}
      {state === '' && rows.length === 0 && <p class="note">Nothing yet.</p>}
      {before !== null && (
        <button type="button" onClick={() => void load(before)}>
          Older
        </button>
      )}
    </>
  )
}

function Row({ row, task }: { row: HistoryRow; task: TaskView }): JSX.Element {
  const { run, outcome, durationMs, attempt, lateMs, revision } = row
  const time = row.startedAt ?? row.slot ?? row.endedAt
  const words = time === null ? '' : fullTime(zone, Date.parse(time))
  const more = [
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : '',
    lateMs !== null && lateMs > 1000 ? `${roughly(lateMs)} late` : '',
    row.trigger !== null && row.trigger !== 'schedule' ? row.trigger : '',
  ].filter(Boolean)
  const change = { ...opened(task, run), tab: 'output' as const }
  return (
    <tr>
      <td>
        {run === null ? (
          words
        ) : (
          <a
            href={linkTo(change)}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return
              event.preventDefault()
              show(change, true)
            }}
          >
            {words}
          </a>
        )}
      </td>
      <td>
        <SignIcon sign={outcome} tone={toneOf(outcome)} /> {outcomeWords(row)}
        {more.length > 0 && <span class="when"> {more.join(', ')}</span>}
      </td>
      <td>{durationMs === null ? '' : roughly(durationMs)}</td>
      <td>
        <code>{revision === null ? '' : shortRevision(revision)}</code>
      </td>
    </tr>
  )
}

function toneOf(outcome: Outcome): 'ok' | 'bad' | 'warn' | 'run' | 'quiet' {
  switch (outcome) {
    case 'ok':
      return 'ok'
    case 'running':
      return 'run'
    case 'skipped':
      return 'warn'
    case 'killed':
      return 'quiet'
    default:
      return 'bad'
  }
}

function keyOf({ run, slot, outcome, startedAt }: HistoryRow): string {
  return run ?? `${outcome} ${slot} ${startedAt}`
}

function withNews(have: readonly HistoryRow[], news: readonly HistoryRow[]): HistoryRow[] {
  const byKey = new Map(news.map((row) => [keyOf(row), row]))
  const known = new Set(have.map(keyOf))
  return [
    ...news.filter((row) => !known.has(keyOf(row))).toReversed(),
    ...have.map((row) => byKey.get(keyOf(row)) ?? row),
  ]
}
