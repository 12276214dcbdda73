import { computed } from '@preact/signals'
import type { JSX } from 'preact'
import type { HostView } from '../http/api.ts'
import { counted } from '../text/plural.ts'
import { plainLine, plainText } from '../text/sanitize.ts'
import { tryNow } from './live.ts'
import { countdown, fullTime, roughly } from './model/words.ts'
import { openStrip } from './now-line.tsx'
import { address, connection, model, now, zone } from './state.ts'
import { dataProblem } from './timeline/timeline-data.ts'

/** Commands are shown as they work for the daemon of this page. */
const homeOption = computed(() => model.value?.homeOption ?? '')

/** What a person should know before everything else: one strip for each. */
export function Strips(): JSX.Element {
  const hosts = [...(model.value?.hosts.values() ?? [])]
  return (
    <div class="strips">
      <ConnectionStrip />
      {hosts.map((host) => (
        <HostStrips key={host.name} host={host} />
      ))}
    </div>
  )
}

function ConnectionStrip(): JSX.Element | null {
  const state = connection.value
  if (state.kind === 'refused')
    return (
      <section class="strip strip-bad" role="alert">
        <b>This browser may not see the page: {state.why}.</b>
        <span>Open the address that torch web prints, with its token.</span>
        <button type="button" onClick={tryNow}>
          Try again
        </button>
      </section>
    )
  if (state.kind === 'lost') {
    // Not the clock of the server: it does not move while text is selected.
    void now.value
    const wait = state.nextTry - Date.now()
    return (
      <section class="strip" role="alert">
        <b>The connection is lost: {state.why}.</b>
        <span>
          You see the state of {fullTime(zone, state.since)}.{' '}
          {wait <= 500 ? 'Trying again' : `Next try in ${countdown(wait)}`}
        </span>
        <button type="button" onClick={tryNow}>
          Try now
        </button>
      </section>
    )
  }
  if (dataProblem.value === null) return null
  return (
    <section class="strip" role="alert">
      <b>The timeline is not complete: {dataProblem.value}.</b>
    </section>
  )
}

function HostStrips({ host }: { host: HostView }): JSX.Element {
  const { daemon, silent, file, trouble, change, away } = host
  return (
    <>
      {away !== undefined && <AwayStrip away={away} />}
      {away === undefined && (daemon === null || silent) && (
        <section class="strip strip-bad">
          <b>{silent ? 'The daemon does not answer.' : 'No daemon runs, so nothing starts.'}</b>
          <span>
            {silent ? 'It may be busy: look at its log.' : endWords(host) + startWords(host)}
          </span>
          {!silent && (
            <code>
              torch start{homeOption.value}
              {file.lastGoodAt === undefined ? '' : ' --last-good'}
            </code>
          )}
        </section>
      )}
      {!file.ok && <Problems host={host} />}
      {trouble
        .filter(({ message }) => file.ok || !message.startsWith('the tasks file'))
        .map(({ message, since }) => (
          <section class="strip strip-bad" key={message}>
            <b>{plainLine(message)}</b>
            <span>since {fullTime(zone, Date.parse(since))}</span>
          </section>
        ))}
      {change !== null && <Change lines={change.lines} isRefused={!file.ok} />}
    </>
  )
}

/** Another machine that does not answer. */
function AwayStrip({
  away: { state, heardAt },
}: {
  away: NonNullable<HostView['away']>
}): JSX.Element {
  const name = plainLine(address.value.host ?? '')
  const at = heardAt === null ? null : Date.parse(heardAt)
  const when =
    at === null
      ? `since the daemon of this machine started`
      : `since ${fullTime(zone, at)}, for ${roughly(Math.max(0, now.value - at))}`
  return (
    <section class="strip strip-bad">
      <b>
        {state === 'stopped' ? `The daemon of ${name} was stopped.` : `${name} does not answer.`}
      </b>
      <span>
        {state === 'stopped' ? '' : `Nothing was heard from it ${when}. `}
        You see what it said last, and what it left in the fleet.
      </span>
    </section>
  )
}

/** A plain `torch start` refuses a file with problems. */
function startWords({ file }: HostView): string {
  if (file.ok) return 'Start it: '
  return file.lastGoodAt === undefined
    ? 'Fix the tasks file, then start it: '
    : 'Fix the tasks file, or start it on the last good one: '
}

/** How the last daemon ended. */
function endWords({ ended }: HostView): string {
  if (ended === null) return ''
  const when = `${fullTime(zone, Date.parse(ended.at))}, ${roughly(Math.max(0, now.value - Date.parse(ended.at)))} ago`
  switch (ended.how) {
    case 'stopped':
      return `Stopped ${when}${ended.by === null ? '' : ` by ${plainLine(ended.by)}`}${ended.left ? '; it left its runs running' : ''}. `
    case 'died':
      return `It crashed or was killed within a minute after ${when}. `
    case 'rebooted':
      return `The machine went down with it within a minute after ${when}. `
  }
}

function Problems({ host: { file, daemon } }: { host: HostView }): JSX.Element {
  const isOpen = openStrip.value === 'problems'
  return (
    <section class="strip strip-bad">
      <b>
        {daemon === null ? 'The tasks file is not valid' : 'The tasks file is refused'}:{' '}
        {counted(file.problems.length, 'problem')}.
      </b>
      {daemon !== null && <span>The daemon keeps using the last good file.</span>}
      {file.lastGoodAt !== undefined && (
        <span>
          The tasks are shown from the last good file, loaded{' '}
          {fullTime(zone, Date.parse(file.lastGoodAt))}.
        </span>
      )}
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => (openStrip.value = isOpen ? null : 'problems')}
      >
        {isOpen ? 'Hide' : 'Show'}
      </button>
      {isOpen && (
        <ol class="problems">
          {file.problems.map((problem) => (
            <li key={`${problem.line} ${problem.column} ${problem.message}`}>
              <code>
                {[problem.file, problem.line, problem.column]
                  .filter((part) => part !== null)
                  .map(String)
                  .map(plainLine)
                  .join(':')}
              </code>{' '}
              {plainLine(
                problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`,
              )}
              {problem.source !== null && problem.source.trim() !== '' && (
                <pre>{excerpt(problem.source, problem.column)}</pre>
              )}
              {problem.hint !== null && <span>hint: {plainLine(problem.hint)}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** The line of the file, and under it a caret at the column. */
function excerpt(source: string, column: number | null): string {
  const line = plainText(source).replaceAll('\n', '\ufffd')
  if (column === null) return line
  return `${line}\n${line.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`
}

function Change({
  lines,
  isRefused,
}: {
  lines: readonly string[]
  isRefused: boolean
}): JSX.Element {
  const isOpen = openStrip.value === 'change'
  return (
    <section class="strip">
      <b>
        {isRefused
          ? 'Where it has no problems, the refused file differs from the loaded one.'
          : 'The tasks file on disk differs from the loaded one.'}
      </b>
      {!isRefused && (
        <span>
          Load it: <code>torch reload{homeOption.value}</code>
        </span>
      )}
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => (openStrip.value = isOpen ? null : 'change')}
      >
        {isOpen ? 'Hide' : 'Show what would change'}
      </button>
      {isOpen && <pre class="change">{plainText(lines.join('\n'))}</pre>}
    </section>
  )
}
