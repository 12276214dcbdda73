/** The part of a long list that is in the document: [first, end). */
export interface ListWindow {
  readonly first: number
  readonly end: number
}

/** Rows of one height. `top` is where the view begins, from the start of the list, in px. */
export function rowWindow(
  count: number,
  rowHeight: number,
  view: { readonly top: number; readonly height: number },
  spare: number,
): ListWindow {
  if (rowHeight <= 0) return { first: 0, end: Math.min(count, spare) }
  const first = Math.floor(view.top / rowHeight) - spare
  const end = Math.ceil((view.top + view.height) / rowHeight) + spare
  const clamp = (index: number): number => Math.max(0, Math.min(count, index))
  return { first: clamp(first), end: clamp(end) }
}

/** Where to scroll so that a row is in view, below what covers the top of it; undefined if it is. */
export function scrollToShow(
  row: { readonly top: number; readonly height: number },
  view: { readonly top: number; readonly height: number },
  covered: number,
): number | undefined {
  if (row.top < view.top + covered) return Math.max(0, row.top - covered)
  const bottom = row.top + row.height
  if (bottom > view.top + view.height) return bottom - view.height
  return undefined
}
