import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { pointed } from './plot-state.ts'

/** The words of the mark at which a person points, beside it and inside the window. */
export function Tooltip(): JSX.Element | null {
  const at = pointed.value
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const box = place.current
    if (box === null || at === null) return
    const left = Math.max(8, Math.min(at.x - box.offsetWidth / 2, innerWidth - box.offsetWidth - 8))
    const below = at.bottom + 4
    const isBelow = below + box.offsetHeight < innerHeight
    box.style.left = `${left}px`
    box.style.top = `${isBelow ? below : at.top - box.offsetHeight - 4}px`
  }, [at])
  if (at === null) return null
  const [head, ...lines] = at.lines
  return (
    <div class="tooltip" ref={place} aria-hidden="true">
      <b>{head}</b>
      {lines.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </div>
  )
}
