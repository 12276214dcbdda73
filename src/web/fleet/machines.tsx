import type { JSX } from 'preact'
import { allMachines, type FleetView, type MachineView } from '../../http/api.ts'
import { plainLine } from '../../text/sanitize.ts'
import type { PageAddress } from '../model/address.ts'
import { SignIcon } from '../signs.tsx'
import { address, closed, fleet, followLink, linkTo, now, show, zone } from '../state.ts'
import {
  countWords,
  engineWords,
  fileWords,
  machineWords,
  shownMachines,
  warningWords,
} from './fleet-words.ts'
// oxlint-disable-next-line import/no-unassigned-import -- its styles come with this part, and only then
import './fleet.css'

/** What shows another machine, or all of them. The list may look for other things there. */
function change(host: string | null): Partial<PageAddress> {
  return { ...closed, host, group: null }
}

/** Which machine the page shows: this one, another one, or all of them. */
export function MachineChoice(): JSX.Element | null {
  const known = fleet.value
  if (known === null) return null
  const { host } = address.value
  const others = known.machines.filter(({ name }) => name !== known.host)
  return (
    <select
      class="machine-choice"
      aria-label="Machine"
      value={host ?? ''}
      onChange={(event) => show(change(event.currentTarget.value || null), true)}
    >
      <option value="">{plainLine(known.host)} (this machine)</option>
      <option value={allMachines}>all machines</option>
      {others.map((machine) => (
        <option key={machine.name} value={machine.name}>
          {plainLine(machine.name)}
          {machine.state === 'up' ? '' : ` (${machineWords(machine, now.value).state})`}
        </option>
      ))}
    </select>
  )
}

/** The machines of the fleet, and the servers that they share. */
export function Machines(): JSX.Element | null {
  const known = fleet.value
  if (known === null) return null
  const { machines, host: own } = known
  const chosen = address.value.host ?? own
  const isAll = address.value.machines === 'all'
  const shown = shownMachines(machines, isAll, chosen)
  return (
    <section class="fleet" aria-label="Machines">
      <Head known={known} />
      <div class="machines-place">
        <table class="machines">
          <thead>
            <tr>
              <th scope="col">Machine</th>
              <th scope="col">State</th>
              <th scope="col">File</th>
              <th scope="col">Running</th>
              <th scope="col">Places</th>
              <th scope="col">Clock</th>
              <th scope="col">torch</th>
              <th scope="col">
                <span class="unseen">Remark</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((machine) => (
              <MachineRow
                key={machine.name}
                machine={machine}
                isOwn={machine.name === own}
                isChosen={machine.name === chosen}
              />
            ))}
          </tbody>
        </table>
      </div>
      {(shown.length < machines.length || isAll) && (
        <button
          type="button"
          class="link"
          aria-expanded={isAll}
          onClick={() => show({ machines: isAll ? null : 'all' })}
        >
          {isAll ? 'Show fewer machines' : `Show all ${machines.length} machines`}
        </button>
      )}
    </section>
  )
}

function Head({ known }: { known: FleetView }): JSX.Element {
  const engine = engineWords(known, zone, now.value)
  const count = countWords(known)
  const file = fileWords(known)
  const warning = warningWords(known)
  const all = change(allMachines)
  const isOfAll = address.value.host === allMachines
  return (
    <p class="fleet-head">
      <b>
        <a
          href={linkTo(all)}
          aria-current={isOfAll ? 'true' : undefined}
          title="Show all machines"
          onClick={(event) => followLink(event, all)}
        >
          fleet {plainLine(known.name)}
        </a>
      </b>
      <span class={`tone-${count.tone}`}>{count.words}</span>
      {file !== '' && <span class="tone-quiet">{file}</span>}
      <span class={`tone-${engine.tone}`} role={engine.tone === 'bad' ? 'alert' : undefined}>
        {engine.words}
      </span>
      {warning !== '' && <span class="tone-warn">{warning}</span>}
    </p>
  )
}

interface RowProps {
  readonly machine: MachineView
  readonly isOwn: boolean
  readonly isChosen: boolean
}

function MachineRow({ machine, isOwn, isChosen }: RowProps): JSX.Element {
  const { sign, state, tone, file, running, places, clock, torch, remark } = machineWords(
    machine,
    now.value,
  )
  const name = plainLine(machine.name)
  const target = change(isOwn ? null : machine.name)
  return (
    <tr class={isChosen ? 'machine-chosen' : ''}>
      <th scope="row">
        <a
          href={linkTo(target)}
          title={name}
          aria-current={isChosen ? 'true' : undefined}
          onClick={(event) => followLink(event, target)}
        >
          {name}
        </a>
      </th>
      <td class={`machine-state tone-${tone}`}>
        <SignIcon sign={sign} tone={tone} /> {state}
      </td>
      <td>
        <code>{file}</code>
      </td>
      <td class="number">{running}</td>
      <td class="cut" title={places}>
        {places}
      </td>
      <td class={`number tone-${clock.tone}`}>{clock.words}</td>
      <td class="tone-quiet">{torch}</td>
      <td class="cut remark tone-warn" title={remark}>
        {remark}
      </td>
    </tr>
  )
}
