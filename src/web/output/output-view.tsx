import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { sizeText } from '../../text/size.ts'
import { apiAddress } from '../ask.ts'
import { isHeld } from '../state.ts'
import { type Output, openOutput, type OutputSource } from './output-source.ts'
import { lineAt, linesWith, type WrappedRows, wrappedRows } from './lines.ts'
import { Line } from './line.tsx'

const maxMatches = 9_999
/** Lines beyond the edges that are in the document. */
const spareLines = 12
const wrapName = 'torch-wrap'

/** The output of a run, as it comes. Only the lines in view are in the document. */
export function OutputView({ run }: { run: string }): JSX.Element {
  const [source, setSource] = useState<OutputSource | undefined>(undefined)
  useEffect(() => {
    const opened = openOutput(run)
    setSource(opened)
    return () => opened.close()
  }, [run])
  if (source === undefined) return <p class="note">Loading the output</p>
  return <Loaded key={run} run={run} source={source} />
}

function Loaded({ run, source }: { run: string; source: OutputSource }): JSX.Element {
  const [isWrapped, setWrapped] = useState(localStorage.getItem(wrapName) === 'on')
  const [isFollowing, setFollowing] = useState(true)
  const [search, setSearch] = useState('')
  const [match, setMatch] = useState(0)
  const output = useHeldOutput(source)
  const { lines } = output.text
  const matches = useMemo(() => linesWith(lines, search, maxMatches), [output, search])
  const at = matches.length === 0 ? -1 : Math.min(match, matches.length - 1)
  const goTo = (index: number): void => {
    setFollowing(false)
    setMatch((index + matches.length) % Math.max(1, matches.length))
  }
  return (
    <div class="output">
      <div class="output-tools">
        <input
          type="search"
          class="output-search"
          placeholder="Search"
          aria-label="Search in the output"
          spellcheck={false}
          onInput={(event) => {
            setSearch(event.currentTarget.value)
            setMatch(0)
            if (event.currentTarget.value !== '') setFollowing(false)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') goTo(at + (event.shiftKey ? -1 : 1))
          }}
        />
        <span class="found" role="status">
          {search === ''
            ? ''
            : `${at + 1} of ${matches.length === maxMatches ? `${maxMatches} or more` : matches.length}`}
        </span>
        {output.state === 'following' && (
          <button
            type="button"
            aria-pressed={isFollowing}
            onClick={() => setFollowing(!isFollowing)}
          >
            {isFollowing ? 'Pause' : 'Follow'}
          </button>
        )}
        <button
          type="button"
          aria-pressed={isWrapped}
          onClick={() => {
            localStorage.setItem(wrapName, isWrapped ? 'off' : 'on')
            setWrapped(!isWrapped)
          }}
        >
          Wrap
        </button>
        <a
          class="button"
          href={apiAddress(`runs/${encodeURIComponent(run)}/output`, [['download', '1']])}
          download
        >
          Download
        </a>
      </div>
      <Lines
        output={output}
        isWrapped={isWrapped}
        isFollowing={isFollowing}
        setFollowing={setFollowing}
        search={search}
        marked={matches[at]}
        loadEarlier={source.loadEarlier}
      />
      <p class="note output-end" role="status">
        {endWords(output)}
      </p>
    </div>
  )
}

/** The output; while a person selects text, as it was when that began. */
function useHeldOutput(source: OutputSource): Output {
  const held = useRef<Output | undefined>(undefined)
  const now = source.output.value
  if (!isHeld.value) held.current = undefined
  // A copy, because new lines are added to the same list.
  else held.current ??= { ...now, text: { ...now.text, lines: now.text.lines.slice() } }
  return held.current ?? now
}

function endWords({ state, problem, text, from, to, isAway }: Output): string {
  if (problem !== null) return `${problem}: trying again`
  const count = text.lines.length
  const part = from > 0 ? `the last ${sizeText(to - from)} of ${sizeText(to)}` : sizeText(to)
  const lines = `${count} ${count === 1 ? 'line' : 'lines'}, ${part}`
  switch (state) {
    case 'loading':
      return 'loading'
    case 'none':
      return isAway ? '' : 'no output is kept of this run'
    case 'following':
      return `${lines} · running, new output appears here`
    case 'ended':
      return count === 0 ? 'the run printed nothing' : lines
  }
}

interface LinesProps {
  readonly output: Output
  readonly isWrapped: boolean
  readonly isFollowing: boolean
  readonly setFollowing: (on: boolean) => void
  readonly search: string
  readonly marked: number | undefined
  readonly loadEarlier: () => Promise<void>
}

function Lines({
  output,
  isWrapped,
  isFollowing,
  setFollowing,
  search,
  marked,
  loadEarlier,
}: LinesProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const [size, setSize] = useState({ line: 18, columns: 80, height: 400 })
  const [top, setTop] = useState(0)
  const { lines, dropped } = output.text
  const rows = useMemo(
    () => (isWrapped ? wrappedRows(lines, size.columns) : undefined),
    [output, isWrapped, size.columns],
  )
  useLayoutEffect(() => measured(place.current, probe.current, setSize), [])
  const total = rows?.starts.at(-1) ?? lines.length
  const first = Math.max(0, indexAt(rows, Math.floor(top / size.line), lines.length) - spareLines)
  const end = Math.min(
    lines.length,
    indexAt(rows, Math.ceil((top + size.height) / size.line), lines.length) + spareLines,
  )
  const offset = (rows?.starts[first] ?? first) * size.line

  useLayoutEffect(() => {
    const box = place.current
    if (box !== null && isFollowing && !isHeld.peek()) box.scrollTop = box.scrollHeight
  }, [output, isFollowing, isWrapped, size])
  useKeptPlace(place, output, size.line, rows)
  useLayoutEffect(() => {
    const box = place.current
    if (box === null || marked === undefined) return
    const line = (rows?.starts[marked] ?? marked) * size.line
    if (line < box.scrollTop || line > box.scrollTop + box.clientHeight - 2 * size.line)
      box.scrollTop = line - box.clientHeight / 3
  }, [marked])

  return (
    <div
      class={isWrapped ? 'lines lines-wrapped' : 'lines'}
      ref={place}
      tabIndex={0}
      role="region"
      aria-label="Output"
      onScroll={(event) => {
        const box = event.currentTarget
        const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4
        if (isFollowing && !isAtEnd && box.scrollTop < top) setFollowing(false)
        else if (!isFollowing && isAtEnd && box.scrollTop > top && marked === undefined)
          setFollowing(true)
        setTop(box.scrollTop)
        if (box.scrollTop < 200) void loadEarlier()
      }}
    >
      <span class="line-probe" ref={probe} aria-hidden="true">
        {'0'.repeat(100)}
      </span>
      <div class="lines-all" style={{ height: `${total * size.line}px` }}>
        <div class="lines-in-view" style={{ transform: `translateY(${offset}px)` }}>
          {lines.slice(first, end).map((line, index) => (
            <Line
              key={dropped + first + index}
              line={line}
              search={search}
              isMarked={first + index === marked}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

function indexAt(rows: WrappedRows | undefined, row: number, count: number): number {
  return rows === undefined ? Math.min(row, count) : lineAt(rows, row)
}

/** Keeps the same line in view when earlier output comes in above it. */
function useKeptPlace(
  place: { readonly current: HTMLDivElement | null },
  output: Output,
  lineHeight: number,
  rows: WrappedRows | undefined,
): void {
  const before = useRef({ from: output.from, count: output.text.lines.length })
  useLayoutEffect(() => {
    const box = place.current
    const { from, count } = before.current
    const added = output.text.lines.length - count
    if (box !== null && output.from < from && count > 0)
      box.scrollTop += (rows?.starts[Math.max(0, added)] ?? added) * lineHeight
    before.current = { from: output.from, count: output.text.lines.length }
  }, [output])
}

function measured(
  place: HTMLDivElement | null,
  probe: HTMLSpanElement | null,
  tell: (size: { line: number; columns: number; height: number }) => void,
): () => void {
  if (place === null || probe === null) return () => {}
  const observer = new ResizeObserver(() => {
    const { width, height } = probe.getBoundingClientRect()
    const columns = Math.max(20, Math.floor((place.clientWidth - 24) / Math.max(1, width / 100)))
    tell({ line: height || 18, columns, height: place.clientHeight })
  })
  observer.observe(place)
  return () => observer.disconnect()
}
