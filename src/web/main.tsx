import { effect } from '@preact/signals'
import { type JSX, render } from 'preact'
import alertIcon from './favicon-alert.svg'
import calmIcon from './favicon.svg'
import { Help } from './help.tsx'
import { followKeys } from './keys.ts'
import { counts, followOrder, shownKeys } from './list/list-state.ts'
import { TaskList } from './list/task-list.tsx'
import { stayLive } from './live.ts'
import { verdictOf } from './model/verdict.ts'
import { NowLine } from './now-line.tsx'
import { Panel } from './panel/panel.tsx'
import {
  connection,
  fleet,
  fleetParts,
  followHistory,
  isOfAll,
  isPanelOpen,
  keepTime,
  model,
  show,
} from './state.ts'
import { Strips } from './strips.tsx'
import { followData } from './timeline/timeline-data.ts'
import { Tooltip } from './timeline/tooltip.tsx'
import { Toolbar } from './toolbar.tsx'

function Page(): JSX.Element {
  const Machines = fleetParts.value?.Machines
  return (
    <div class={isPanelOpen.value ? 'page with-panel' : 'page'}>
      <NowLine />
      <main>
        {Machines !== undefined && <Machines />}
        <Strips />
        <Toolbar />
        <TaskList />
        <Empty />
      </main>
      <Panel />
      <Help />
      <Tooltip />
    </div>
  )
}

/** What stands in place of an empty list. */
function Empty(): JSX.Element | null {
  const known = model.value
  if (known === null)
    return connection.value.kind === 'connecting' ? <p class="empty">Loading</p> : null
  if (shownKeys.value.length > 0) return null
  if (known.tasks.size === 0)
    return (
      <div class="empty">
        <h2>
          {isOfAll.value ? 'The machines share no tasks yet' : 'The tasks file has no tasks yet'}
        </h2>
        <p>
          {isOfAll.value
            ? 'A task with scope: fleet appears here, and plain tasks that failed.'
            : 'Add one to it. The daemon loads the file when it changes, and the task appears here.'}
        </p>
      </div>
    )
  return (
    <div class="empty">
      <h2>No task fits the filter</h2>
      <button type="button" onClick={() => show({ filter: '', group: null })}>
        Show all {known.tasks.size}
      </button>
    </div>
  )
}

/** A machine that is in no fleet loads nothing of this. */
function followFleet(): void {
  let isAsked = false
  effect(() => {
    if (fleet.value === null || isAsked) return
    isAsked = true
    // The next word about the fleet tries again.
    loadFleetParts().catch(() => (isAsked = false))
  })
}

async function loadFleetParts(): Promise<void> {
  const { MachineChoice, Machines } = await import('./fleet/machines.tsx')
  fleetParts.value = { MachineChoice, Machines }
}

/** The title and the icon tell of trouble while the page is behind other windows. */
function followTitle(): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  effect(() => {
    const hosts = [...(model.value?.hosts.values() ?? [])]
    if (hosts.length === 0) return
    const { isWell, words } = verdictOf(hosts, counts.value, model.value?.tasks.size ?? 0)
    const name = hosts.length === 1 ? hosts[0]?.name : `${hosts.length} hosts`
    document.title = isWell ? `${name} · torch` : `${words} · ${name} · torch`
    const wanted = isWell ? calmIcon : alertIcon
    if (icon !== null && icon.getAttribute('href') !== wanted) icon.href = wanted
  })
}

const place = document.getElementById('page')
if (place !== null) {
  keepTime()
  followHistory()
  followOrder()
  followData()
  followKeys()
  followTitle()
  followFleet()
  render(<Page />, place)
  void stayLive()
}
