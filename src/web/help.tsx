import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { areKeysOn, turnKeys } from './keys.ts'
import { isHelpOpen } from './now-line.tsx'
import { model } from './state.ts'
import { plotHeight, shapesOf } from './timeline/shapes.ts'
import type { Mark } from './timeline/marks.ts'

const keys: readonly (readonly [string, string])[] = [
  ['/', 'type into the filter'],
  ['j  k', 'next and previous task'],
  ['Enter', 'open the task'],
  ['← →', 'with the focus on a timeline: from run to run; Enter opens'],
  ['l', 'output of the last run'],
  ['Esc', 'close'],
  ['?', 'this help'],
]

/** Keys, and what the shapes of the timeline mean. */
export function Help(): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal()
  }, [isHelpOpen.value])
  if (!isHelpOpen.value) return null
  return (
    <dialog
      class="help"
      ref={dialog}
      aria-labelledby="help-title"
      onClose={() => (isHelpOpen.value = false)}
    >
      <h2 id="help-title">Help</h2>
      <button
        type="button"
        class="close"
        aria-label="Close"
        onClick={() => dialog.current?.close()}
      >
        ×
      </button>
      <h3>Keys</h3>
      <dl>
        {keys.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={areKeysOn.value}
          onChange={(event) => turnKeys(event.currentTarget.checked)}
        />
        These keys are on
      </label>
      <h3>Timeline</h3>
      <dl class="legend">
        <div>
          <dt>
            <svg width={28} height={plotHeight} aria-hidden="true">
              <rect class="future" x={14} width={14} height={plotHeight} />
              <path class="base" d="M0 25.5H28" />
              <path class="now" d={`M14 0V${plotHeight}`} />
            </svg>
          </dt>
          <dd>now; grey is the time to come</dd>
        </div>
        {legend.map(([words, mark]) => (
          <div key={words}>
            <dt>
              <svg width={28} height={plotHeight} aria-hidden="true">
                {Object.entries(shapesOf([mark])).map(([kind, path]) => (
                  <path key={kind} class={`mark mark-${kind}`} d={path} />
                ))}
              </svg>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p class="note">
        The filter finds names, descriptions and labels: backup env=prod. torch{' '}
        {model.value?.version}
      </p>
    </dialog>
  )
}

const run = {
  run: '',
  startMs: 0,
  endMs: 0,
  outcome: 'ok',
  exitCode: null,
  signal: null,
  lateMs: null,
  attempt: null,
  revision: null,
} as const
const at = { x: 10, width: 8, run }

const planned = {
  kind: 'planned',
  starts: { first: 0, last: 0, count: 1, isCut: false },
} as const

const legend: readonly (readonly [string, Mark])[] = [
  ['ok', { ...at, kind: 'ok' }],
  ['running', { ...at, kind: 'running' }],
  ['failed', { ...at, kind: 'failed' }],
  ['timeout', { ...at, kind: 'timeout' }],
  ['spawn-failed: could not start', { ...at, kind: 'spawn-failed' }],
  ['unknown: nobody saw its end', { ...at, kind: 'unknown' }],
  ['killed', { ...at, kind: 'killed' }],
  ['missed start', { kind: 'gap', x: 14, width: 0, gap: [0, 0, 1, 'missed', ''] }],
  ['skipped start', { kind: 'gap', x: 14, width: 0, gap: [0, 0, 1, 'skipped', ''] }],
  ['planned start', { ...planned, x: 14, width: 0 }],
  ['many planned starts', { ...planned, x: 6, width: 22 }],
]
