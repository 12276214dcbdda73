import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { TaskAnswer, TaskView } from '../../http/api.ts'
import { plainLine, plainText } from '../../text/sanitize.ts'
import { getJson } from '../ask.ts'
import { closePanel } from '../keys.ts'
import { scheduleWords, taskState } from '../list/task-words.ts'
import { type DayKind, type Tab, tabs } from '../model/address.ts'
import { roughly, usualWords } from '../model/words.ts'
import { SignIcon } from '../signs.tsx'
import { address, isOfAll, isStepping, linkTo, model, now, openTask, show, zone } from '../state.ts'
import { Actions } from './actions.tsx'
import { type Asked, useAsked } from './asked.ts'
import { Definition } from './definition.tsx'
import { DayRows, History } from './history.tsx'
import { RunOutput } from './run-output.tsx'
import { Starts } from './starts.tsx'

const tabWords: Readonly<Record<Tab, string>> = {
  output: 'Output',
  history: 'History',
  starts: 'Why not run?',
  definition: 'Definition',
}

/** The panel of a task at the side: what it printed, its history, why it did not run, its definition. */
export function Panel(): JSX.Element | null {
  const { task: name, day } = address.value
  if (name === null) return day === null ? null : <DayPanel key={day} kind={day} />
  const task = openTask.value
  return (
    <aside class="panel" aria-label={`Task ${plainLine(name)}`}>
      {task !== undefined ? (
        <TaskPanel key={`${task.host}\n${task.name}`} task={task} />
      ) : (
        <PanelHead name={name}>
          <p class="note">{model.value === null ? 'Loading' : 'There is no task of this name.'}</p>
        </PanelHead>
      )}
    </aside>
  )
}

const dayTitles: Readonly<Record<DayKind, string>> = {
  failed: 'Failed in the last 24 hours',
  missed: 'Missed in the last 24 hours',
  skipped: 'Skipped in the last 24 hours',
}

function DayPanel({ kind }: { kind: DayKind }): JSX.Element {
  const title = dayTitles[kind]
  return (
    <aside class="panel" aria-label={title}>
      <PanelHead name={title} />
      <div class="panel-body" tabIndex={0} role="region" aria-label="Rows">
        <DayRows kind={kind} />
      </div>
    </aside>
  )
}

function PanelHead({
  name,
  children,
}: {
  name: string
  children?: JSX.Element | JSX.Element[]
}): JSX.Element {
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!isStepping.peek()) head.current?.focus()
  }, [])
  return (
    <header class="panel-head">
      <h2 ref={head} tabIndex={-1}>
        {plainLine(name)}
      </h2>
      <button type="button" class="close" aria-label="Close" onClick={closePanel}>
        ×
      </button>
      {children}
    </header>
  )
}

function TaskPanel({ task }: { task: TaskView }): JSX.Element {
  const { tab, run } = address.value
  const host = model.value?.hosts.get(task.host)
  const version = [host?.file.loadedAt, task.next, task.last?.run, task.last?.endedAt].join(' ')
  const asked = useAsked<TaskAnswer>(
    (signal) => getJson(`tasks/${encodeURIComponent(task.name)}`, [], signal),
    task.name,
    version,
  )
  return (
    <>
      <PanelHead name={task.name}>
        <Summary task={task} />
      </PanelHead>
      <Actions task={task} />
      <nav class="tabs" aria-label="About this task">
        {tabs.map((each) => (
          <a
            key={each}
            href={linkTo({ tab: each })}
            aria-current={each === tab ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault()
              show({ tab: each, ...(each === 'output' ? {} : { run: null }) }, true)
            }}
          >
            {tabWords[each]}
          </a>
        ))}
      </nav>
      {/* It scrolls: without a link or button in it, keys scroll it only if it can have the focus. */}
      <div
        class={`panel-body panel-${tab}`}
        {...(tab === 'output' ? {} : { tabIndex: 0, role: 'region', 'aria-label': tabWords[tab] })}
      >
        <TabBody task={task} tab={tab} run={run} asked={asked} />
      </div>
    </>
  )
}

interface TabBodyProps {
  readonly task: TaskView
  readonly tab: Tab
  readonly run: string | null
  readonly asked: Asked<TaskAnswer>
}

function TabBody({ task, tab, run, asked }: TabBodyProps): JSX.Element {
  switch (tab) {
    case 'output':
      return <RunOutput task={task} run={run} />
    case 'history':
      return <History task={task} />
    case 'starts':
      return <Starts task={task} asked={asked} />
    case 'definition':
      return <Definition asked={asked} />
  }
}

function Summary({ task }: { task: TaskView }): JSX.Element {
  const host = model.value?.hosts.get(task.host)
  const isUp = host !== undefined && (host.daemon !== null || host.silent)
  const state = taskState(task, { zone, now: now.value, isUp, isOfAll: isOfAll.value })
  const { words, written } = scheduleWords(task)
  const labels = Object.entries(task.labels)
  return (
    <div class="summary">
      <p class={`tone-${state.tone}`}>
        <SignIcon sign={state.sign} tone={state.tone} /> {state.words}
        {state.when !== '' && <span class="when"> · {state.when}</span>}
      </p>
      <p>
        {words} {written !== '' && <code>{written}</code>}
        {state.next !== '' && <span class="when"> · {state.next}</span>}
      </p>
      {task.p50Ms !== null && task.p95Ms !== null && (
        <p class="when" title={usualWords(task.p50Ms, task.p95Ms)}>
          usually takes {roughly(task.p50Ms)} (p50), seldom over {roughly(task.p95Ms)} (p95)
        </p>
      )}
      {task.description !== null && <p class="description">{plainText(task.description)}</p>}
      {labels.length > 0 && (
        <p class="labels">
          {labels.map(([key, value]) => (
            <button
              key={key}
              type="button"
              class="label"
              title="Show only tasks with this label"
              onClick={() => show({ filter: `${key}=${value}` })}
            >
              {plainLine(key)}={plainLine(value)}
            </button>
          ))}
        </p>
      )}
    </div>
  )
}
