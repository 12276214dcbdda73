import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { HostView } from '../http/api.ts'
import { plainLine } from '../text/sanitize.ts'
import { verdictOf } from './model/verdict.ts'
import { clockTime, roughly } from './model/words.ts'
import { counts } from './list/list-state.ts'
import { shortRevision } from './timeline/mark-words.ts'
import {
  closed,
  connection,
  fleetParts,
  followLink,
  isHeld,
  isOfAll,
  linkTo,
  model,
  now,
  zone,
} from './state.ts'
import type { DayKind } from './model/address.ts'
import { SignIcon } from './signs.tsx'

/** Which strip below the line is open. */
export const openStrip = signal<'problems' | 'change' | null>(null)
export const isHelpOpen = signal(false)

/** The line that answers at a glance: is all well, on which host, with which file, what runs? */
export function NowLine(): JSX.Element {
  const known = model.value
  const hosts = [...(known?.hosts.values() ?? [])]
  const [host] = hosts
  const Choice = fleetParts.value?.MachineChoice
  return (
    <header class="now-line">
      <h1>
        torch
        {Choice === undefined && host !== undefined && (
          <span class="host">{plainLine(host.name)}</span>
        )}
      </h1>
      {Choice !== undefined && <Choice />}
      {known !== null && <VerdictWords hosts={hosts} taskCount={known.tasks.size} />}
      {host !== undefined && <Facts hosts={hosts} host={host} />}
      <div class="line-end">
        <Connection />
        <time class="clock">{clockTime(zone, now.value)}</time>
        <button
          type="button"
          class="help-button"
          aria-label="Help"
          onClick={() => (isHelpOpen.value = true)}
        >
          ?
        </button>
      </div>
    </header>
  )
}

function VerdictWords({ hosts, taskCount }: { hosts: HostView[]; taskCount: number }): JSX.Element {
  const { isWell, words } = verdictOf(hosts, counts.value, taskCount)
  return (
    <p class={isWell ? 'verdict' : 'verdict verdict-bad'} role="status">
      <SignIcon sign={isWell ? 'ok' : 'failed'} tone={isWell ? 'ok' : 'bad'} />
      {words}
    </p>
  )
}

function Facts({ hosts, host }: { hosts: HostView[]; host: HostView }): JSX.Element {
  const sum = (field: 'failed' | 'missed' | 'skipped'): number =>
    hosts.reduce((total, { day }) => total + day[field], 0)
  return (
    <dl class="facts">
      {!isOfAll.value && (
        <>
          <DaemonFact host={host} />
          <FileFact host={host} />
        </>
      )}
      <div>
        <dt>running</dt>
        <dd>{counts.value.running}</dd>
      </div>
      <div>
        <dt>in 24 h</dt>
        <dd>
          <DayCount count={sum('failed')} what="failed" isBad={counts.value.failing > 0} />
          <DayCount count={sum('missed')} what="missed" isBad={counts.value.missed > 0} />
          <DayCount count={sum('skipped')} what="skipped" isBad={false} />
        </dd>
      </div>
    </dl>
  )
}

function DayCount({
  count,
  what,
  isBad,
}: {
  count: number
  what: DayKind
  isBad: boolean
}): JSX.Element {
  if (count === 0)
    return (
      <span class="count count-none">
        {count} {what}
      </span>
    )
  const change = { ...closed, day: what }
  return (
    <a
      class={isBad ? 'count tone-bad' : 'count'}
      id={`day-${what}`}
      href={linkTo(change)}
      title={`List what ${what === 'failed' ? what : `was ${what}`} in the last 24 hours`}
      onClick={(event) => followLink(event, change)}
    >
      {count} {what}
    </a>
  )
}

function DaemonFact({ host }: { host: HostView }): JSX.Element {
  const { daemon, silent, away } = host
  const up = daemon === null ? '' : roughly(Math.max(0, now.value - Date.parse(daemon.startedAt)))
  const words =
    away?.state === 'stopped'
      ? 'stopped'
      : silent || away !== undefined
        ? 'does not answer'
        : daemon === null
          ? 'down'
          : daemon.state === 'draining'
            ? 'stopping'
            : `up ${up}`
  return (
    <div>
      <dt>daemon</dt>
      <dd class={silent || daemon === null ? 'tone-bad' : ''}>{words}</dd>
    </div>
  )
}

function FileFact({ host: { file } }: { host: HostView }): JSX.Element | null {
  if (file.path === '' && file.revision === null) return null
  const name =
    file.revision === null
      ? plainLine(file.path.split('/').at(-1) ?? '')
      : shortRevision(file.revision)
  return (
    <div>
      <dt>file</dt>
      <dd title={plainLine(file.path)}>
        <code>{name}</code>
        {!file.ok && (
          <button
            type="button"
            class="link tone-bad"
            onClick={() => (openStrip.value = openStrip.value === 'problems' ? null : 'problems')}
          >
            refused
          </button>
        )}
      </dd>
    </div>
  )
}

function Connection(): JSX.Element {
  const { kind } = connection.value
  if (isHeld.value) return <span class="link-state">paused while you select</span>
  if (kind === 'live') return <span class="link-state link-live">live</span>
  return <span class="link-state">{kind === 'connecting' ? 'connecting' : 'not live'}</span>
}
