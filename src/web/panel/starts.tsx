import type { JSX } from 'preact'
import type { TaskAnswer, TaskView } from '../../http/api.ts'
import { afterWords } from '../../text/after-words.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { countdown, fullTime } from '../model/words.ts'
import { now, zone } from '../state.ts'
import type { Asked } from './asked.ts'
import { RunLink } from './row-table.tsx'

/** Why a task did not run: the slots without a start, each with its reason; and when it starts next. */
export function Starts({ task, asked }: { task: TaskView; asked: Asked<TaskAnswer> }): JSX.Element {
  if (asked.kind === 'asking') return <p class="note">Loading</p>
  if (asked.kind === 'failed') return <p class="note tone-bad">{asked.why}</p>
  const { notRun, upcoming } = asked.answer
  return (
    <>
      {!task.here && <p class="away">It does not run here: {plainLine(task.why ?? 'unknown')}.</p>}
      <h3>Slots that did not start</h3>
      {notRun.length === 0 ? (
        <p class="note">
          {task.here
            ? 'torch knows of none: every planned start happened.'
            : 'None: no start is planned here.'}
        </p>
      ) : (
        <ul class="slots">
          {notRun.map(({ slot, lastSlot, count, why, inTheWay }) => (
            <li key={slot + why}>
              <time>{fullTime(zone, Date.parse(slot))}</time>
              <div>
                <b>{plainLine(why)}</b>
                {inTheWay !== null && (
                  <span>
                    {inTheWay.task === undefined ? (
                      <RunLink task={task} run={inTheWay.run}>
                        the run of {fullTime(zone, Date.parse(inTheWay.startedAt))}
                      </RunLink>
                    ) : (
                      `the run of ${plainLine(inTheWay.task)} of ${fullTime(zone, Date.parse(inTheWay.startedAt))}`
                    )}{' '}
                    had not ended
                  </span>
                )}
                {lastSlot !== null && lastSlot !== slot && (
                  <span>
                    {counted(count, 'slot')}, the last at {fullTime(zone, Date.parse(lastSlot))}
                  </span>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {notRun.some(({ inTheWay }) => inTheWay !== null) && (
        <p class="note">
          The keys <code>max</code>, <code>pool</code> and <code>overlap</code> of the task say what
          happens to a start while it, or its pool, is busy.
        </p>
      )}
      <h3>Next starts</h3>
      {upcoming.length === 0 ? (
        <p class="note">
          {task.after === undefined
            ? 'No start is planned.'
            : `It starts ${plainLine(afterWords(task.after))}.`}
        </p>
      ) : (
        <ul class="slots">
          {upcoming.map((slot) => (
            <li key={slot}>
              <time>{fullTime(zone, Date.parse(slot))}</time>
              <span>in {countdown(Date.parse(slot) - now.value)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
