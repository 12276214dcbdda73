import type { JSX } from 'preact'
import type { TaskView } from '../../http/api.ts'
import { plainLine } from '../../text/sanitize.ts'
import { followLink, isOfAll, linkTo, model, now, opened, zone } from '../state.ts'
import { SignIcon } from '../signs.tsx'
import { isIn } from '../model/groups.ts'
import { briefly, usualWords } from '../model/words.ts'
import { Plot } from '../timeline/plot.tsx'
import { RecentBars } from './recent-bars.tsx'
import { scheduleWords, taskState, type TaskState } from './task-words.ts'

/** One task: its name and schedule, how it stands and what comes, its timeline, its last runs. */
export function TaskRow({ id, index, isOpen }: RowProps): JSX.Element | null {
  const task = model.value?.tasks.get(id)
  if (task === undefined) return null
  const host = model.value?.hosts.get(task.host)
  const isUp = host !== undefined && (host.daemon !== null || host.silent)
  const state = taskState(task, { zone, now: now.value, isUp, isOfAll: isOfAll.value })
  const { words, written } = scheduleWords(task)
  const name = plainLine(task.name)
  const change = opened(task)
  return (
    <div class={isOpen ? 'row row-open' : 'row'} role="row" aria-rowindex={index + 2}>
      <div class="cell cell-name" role="rowheader">
        <SignIcon sign={state.sign} tone={isIn(task, 'failing') ? 'bad' : state.tone} />
        <a
          class="name"
          href={linkTo(change)}
          data-key={id}
          title={name}
          aria-current={isOpen ? 'true' : undefined}
          onClick={(event) => followLink(event, change)}
        >
          <Name text={name} />
        </a>
        <span class="under" title={written === '' ? words : `${words} (${written})`}>
          {words} <code>{written}</code>
        </span>
      </div>
      <StateCell state={state} />
      <div class="cell cell-plot" role="cell">
        <Plot id={id} task={task} />
      </div>
      <div class="cell cell-recent" role="cell">
        <RecentBars id={id} task={task} />
        <Usual task={task} />
      </div>
    </div>
  )
}

/** How long the task usually takes. */
function Usual({ task: { p50Ms, p95Ms } }: { task: TaskView }): JSX.Element {
  if (p50Ms === null || p95Ms === null) return <span class="under" />
  const [half, most] = [briefly(p50Ms), briefly(p95Ms)]
  return (
    <span class="under" title={usualWords(p50Ms, p95Ms)}>
      p50 {half} p95 {most}
    </span>
  )
}

interface RowProps {
  readonly id: string
  readonly index: number
  readonly isOpen: boolean
}

function StateCell({ state }: { state: TaskState }): JSX.Element {
  const { progress, words, tone, when, next, nextWhen, nextTone } = state
  return (
    <div class="cell cell-state" role="cell">
      <div class="two">
        <span class={`tone-${tone} words`} title={words}>
          {progress?.cells != null && (
            <span class="bar" aria-hidden="true">
              [{progress.cells[0]}
              <i>{progress.cells[1]}</i>]{' '}
            </span>
          )}
          {words}
        </span>
        <span class="when">{when}</span>
      </div>
      <div class={`two under tone-${nextTone}`}>
        <span class="words" title={next}>
          {next}
        </span>
        <span>{nextWhen}</span>
      </div>
    </div>
  )
}

/** Characters at the end of a long name that stay: names that begin alike often differ there. */
const tailChars = 9

/** A name that is cut in the middle where it has no room. */
function Name({ text }: { text: string }): JSX.Element {
  const chars = [...text]
  if (chars.length <= 2 * tailChars) return <>{text}</>
  return (
    <>
      <span class="name-head">{chars.slice(0, -tailChars).join('')}</span>
      <span>{chars.slice(-tailChars).join('')}</span>
    </>
  )
}
