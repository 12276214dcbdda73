import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { HistoryAnswer, TaskView } from '../../http/api.ts'
import { plainLine } from '../../text/sanitize.ts'
import { type Fields, getJson, isAborted, problemWords } from '../ask.ts'
import { type HistoryRow, type Outcome, taskKey } from '../model/model.ts'
import { fullTime, outcomeWords, roughly, triggerWords } from '../model/words.ts'
import { SignIcon } from '../signs.tsx'
import {
  followLink,
  isOfAll,
  lastRows,
  linkTo,
  model,
  opened,
  statusVersion,
  zone,
} from '../state.ts'
import { shortRevision } from '../timeline/mark-words.ts'

const pageRows = 100

interface RowTableProps {
  /** The query of the history, beside `limit` and `before`. */
  readonly fields: Fields
  /** Whether a row that comes meanwhile fits that query. */
  readonly fits: (row: HistoryRow) => boolean
  /** The task of all rows; undefined if they may be of any task. */
  readonly of?: TaskView
}

/** Rows of the history, newest first, and what comes meanwhile. */
export function RowTable({ fields, fits, of }: RowTableProps): JSX.Element {
  const { rows, before, state, older } = useRows(fields, fits)
  return (
    <>
      {rows.length > 0 && (
        <table class="history">
          <thead>
            <tr>
              <th scope="col">Time</th>
              {of === undefined && <th scope="col">Task</th>}
              {isOfAll.value && <th scope="col">Machine</th>}
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              {of !== undefined && !isOfAll.value && <th scope="col">Revision</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={keyOf(row)} row={row} of={of} />
            ))}
          </tbody>
        </table>
      )}
      {state !== '' && <p class="note">{state}</p>}
      {state === '' && rows.length === 0 && <p class="note">Nothing yet.</p>}
      {before !== null && (
        <button type="button" disabled={older === undefined} onClick={older}>
          Older
        </button>
      )}
    </>
  )
}

function useRows(fields: Fields, fits: (row: HistoryRow) => boolean) {
  const [rows, setRows] = useState<readonly HistoryRow[]>([])
  const [before, setBefore] = useState<string | null>(null)
  const [state, setState] = useState('Loading')
  const [isLoading, setLoading] = useState(false)
  const closing = useRef(new AbortController())
  const load = async (from: string | null, signal: AbortSignal): Promise<void> => {
    setLoading(true)
    const page = [['limit', String(pageRows)] as const, ...fields]
    const query = from === null ? page : [...page, ['before', from] as const]
    try {
      const answer = await getJson<HistoryAnswer>('history', query, signal)
      setRows((have) => (from === null ? answer.rows : withOlder(have, answer.rows)))
      setBefore(answer.before)
      setState('')
    } catch (error) {
      if (!isAborted(error)) setState(problemWords(error))
    }
    if (!signal.aborted) setLoading(false)
  }
  useEffect(() => {
    const { signal } = (closing.current = new AbortController())
    setRows([])
    setBefore(null)
    setState('Loading')
    void load(null, signal)
    return () => closing.current.abort()
  }, [fields.join('\n'), statusVersion.value])
  useEffect(() => {
    const news = lastRows.value.filter(fits)
    if (news.length > 0) setRows((have) => withNews(have, news))
  }, [lastRows.value])
  // One page at a time: a second click must not add the same rows again.
  const older = isLoading ? undefined : () => void load(before, closing.current.signal)
  return { rows, before, state, older }
}

function Row({ row, of }: { row: HistoryRow; of: TaskView | undefined }): JSX.Element {
  const { run, outcome, durationMs, attempt, lateMs, revision } = row
  const time = row.startedAt ?? row.slot ?? row.endedAt
  const words = time === null ? '' : fullTime(zone, Date.parse(time))
  const task = of ?? taskOf(row)
  const more = [
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : '',
    lateMs !== null && lateMs > 1000 ? `${roughly(lateMs)} late` : '',
    row.trigger !== null && row.trigger !== 'schedule' ? triggerWords(row.trigger) : '',
  ].filter(Boolean)
  return (
    <tr>
      <td>
        {run === null || task === undefined ? (
          words
        ) : (
          <RunLink task={task} run={run}>
            {words}
          </RunLink>
        )}
      </td>
      {of === undefined && (
        <td class="of-task">
          <TaskLink task={task} row={row} />
        </td>
      )}
      {isOfAll.value && <td class="of-task">{plainLine(row.host)}</td>}
      <td>
        <SignIcon sign={outcome} tone={toneOf(outcome)} /> {outcomeWords(row)}
        {more.length > 0 && <span class="when"> {more.join(', ')}</span>}
      </td>
      <td class="took">{durationMs === null ? '' : roughly(durationMs)}</td>
      {of !== undefined && !isOfAll.value && (
        <td>
          <code>{revision === null ? '' : shortRevision(revision)}</code>
        </td>
      )}
    </tr>
  )
}

/** A machine may have had another name when it wrote the row. */
function taskOf({ host, task }: HistoryRow): TaskView | undefined {
  const { hosts, tasks } = model.value ?? { hosts: new Map<string, unknown>(), tasks: new Map() }
  const [only] = hosts.keys()
  const name = hosts.size === 1 && only !== undefined ? only : host
  return tasks.get(taskKey(name, task))
}

/** A slot that did not start leads to the reasons, a run to its output. */
function TaskLink({ task, row }: { task: TaskView | undefined; row: HistoryRow }): JSX.Element {
  if (task === undefined) return <>{plainLine(row.task)}</>
  const tab = row.run === null ? ('starts' as const) : ('output' as const)
  const change = { ...opened(task, row.run), tab }
  return (
    <a href={linkTo(change)} onClick={(event) => followLink(event, change)}>
      {plainLine(row.task)}
    </a>
  )
}

/** Leads to the output of a run. */
export function RunLink({
  task,
  run,
  children,
}: {
  task: TaskView
  run: string
  children: ComponentChildren
}): JSX.Element {
  const change = { ...opened(task, run), tab: 'output' as const }
  return (
    <a href={linkTo(change)} onClick={(event) => followLink(event, change)}>
      {children}
    </a>
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

function keyOf({ run, task, host, slot, outcome, startedAt }: HistoryRow): string {
  return `${host} ${run ?? `${task} ${outcome} ${slot} ${startedAt}`}`
}

/** A row that came meanwhile may be in the next page too. */
function withOlder(have: readonly HistoryRow[], older: readonly HistoryRow[]): HistoryRow[] {
  const known = new Set(have.map(keyOf))
  return [...have, ...older.filter((row) => !known.has(keyOf(row)))]
}

function withNews(have: readonly HistoryRow[], news: readonly HistoryRow[]): HistoryRow[] {
  const byKey = new Map(news.map((row) => [keyOf(row), row]))
  const known = new Set(have.map(keyOf))
  return [
    ...news.filter((row) => !known.has(keyOf(row))).toReversed(),
    ...have.map((row) => byKey.get(keyOf(row)) ?? row),
  ]
}
