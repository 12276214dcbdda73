import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { counts, shownKeys } from './list/list-state.ts'
import { type Group, groupNames } from './model/address.ts'
import { address, model, show } from './state.ts'

const groupWords: Readonly<Record<Group, string>> = {
  failing: 'failing',
  missed: 'missed',
  running: 'running',
  skipped: 'skipped',
  ok: 'ok',
  waiting: 'not run yet',
  away: 'not here',
}

/** What is listed: a text, and a group of tasks. */
export function Toolbar(): JSX.Element {
  const { group } = address.value
  const total = model.value?.tasks.size ?? 0
  const groups = groupNames.filter((name) => counts.value[name] > 0 || name === group)
  return (
    <div class="toolbar" role="search">
      <FilterBox />
      <div class="groups" role="group" aria-label="Show only">
        <Chip
          words="all"
          count={total}
          isOn={group === null}
          onClick={() => show({ group: null })}
        />
        {groups.map((name) => (
          <Chip
            key={name}
            words={groupWords[name]}
            count={counts.value[name]}
            isOn={group === name}
            isBad={name === 'failing' || name === 'missed'}
            onClick={() => show({ group: group === name ? null : name })}
          />
        ))}
      </div>
      <span class="found" role="status">
        {shownKeys.value.length === total ? '' : `${shownKeys.value.length} of ${total}`}
      </span>
    </div>
  )
}

/** The text is the browser's while a person types: nothing else writes into the box then. */
function FilterBox(): JSX.Element {
  const box = useRef<HTMLInputElement>(null)
  const { filter } = address.value
  useEffect(() => {
    const input = box.current
    if (input !== null && input !== document.activeElement) input.value = filter
  }, [filter])
  return (
    <input
      ref={box}
      id="filter"
      type="search"
      placeholder="Filter: name, text, label=value"
      aria-label="Filter tasks"
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => show({ filter: event.currentTarget.value })}
    />
  )
}

interface ChipProps {
  readonly words: string
  readonly count: number
  readonly isOn: boolean
  readonly isBad?: boolean
  readonly onClick: () => void
}

function Chip({ words, count, isOn, isBad = false, onClick }: ChipProps): JSX.Element {
  return (
    <button
      type="button"
      class={isBad ? 'chip chip-bad' : 'chip'}
      aria-pressed={isOn}
      onClick={onClick}
    >
      {words} <b>{count}</b>
    </button>
  )
}
