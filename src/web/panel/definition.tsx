import type { JSX } from 'preact'
import type { TaskAnswer } from '../../http/api.ts'
import { plainLine, plainText } from '../../text/sanitize.ts'
import { fullTime } from '../model/words.ts'
import { zone } from '../state.ts'
import { shortRevision } from '../timeline/mark-words.ts'
import type { Asked } from './asked.ts'

/** The task as the daemon has loaded it, and where it stands in the file. */
export function Definition({ asked }: { asked: Asked<TaskAnswer> }): JSX.Element {
  if (asked.kind === 'asking') return <p class="note">Loading</p>
  if (asked.kind === 'failed') return <p class="note tone-bad">{asked.why}</p>
  const { definition, source } = asked.answer
  return (
    <>
      {source !== null && (
        <p class="source">
          <code>
            {plainLine(source.file)}:{source.line}
          </code>
          {source.changed !== null && (
            <span>
              {' '}
              last changed in <code>{shortRevision(source.changed.revision)}</code> by{' '}
              {plainLine(source.changed.author)}, {fullTime(zone, Date.parse(source.changed.at))}:{' '}
              <q>{plainLine(source.changed.subject)}</q>
            </span>
          )}
        </p>
      )}
      {definition === null ? (
        <p class="note">This task is not in the tasks file.</p>
      ) : (
        <dl class="definition">
          {definition.map(([key, value]) => (
            <div key={key}>
              <dt>{plainLine(key)}</dt>
              <dd>
                <pre>{plainText(value)}</pre>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}
