import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { piecesOf } from './ansi.ts'
import { maxLineChars, type OutputLine } from './lines.ts'

interface LineProps {
  readonly line: OutputLine
  readonly search: string
  readonly isMarked: boolean
}

/** One line of output in its colours, with what is searched for marked. */
export function Line({ line, search, isMarked }: LineProps): JSX.Element {
  const { raw, look } = line
  const isLong = raw.length > maxLineChars
  const pieces = useMemo(
    () => piecesOf(isLong ? raw.slice(0, maxLineChars) : raw, look).pieces,
    [raw, look, isLong],
  )
  return (
    <div class={isMarked ? 'line line-marked' : 'line'}>
      {pieces.map(({ text, look: classes }, index) => (
        <span key={index} class={classes}>
          {search === '' ? text : marked(text, search)}
        </span>
      ))}
      {isLong && <em>… cut here: the line has {raw.length} characters, download it to see them</em>}
      {'\n'}
    </div>
  )
}

function marked(text: string, search: string): (string | JSX.Element)[] {
  const low = text.toLowerCase()
  const wanted = search.toLowerCase()
  // A letter may have another length in lower case: then nothing is marked rather than the wrong part.
  if (low.length !== text.length) return [text]
  const parts: (string | JSX.Element)[] = []
  let from = 0
  for (let at = low.indexOf(wanted); at !== -1; at = low.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>)
    from = at + wanted.length
  }
  return [...parts, text.slice(from)]
}
