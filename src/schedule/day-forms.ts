import { type Field, refuse, type Refused } from './field.ts'

/** An item of a list, rewritten for what compiles it, or why it is wrong. */
export type Item = { ok: true; text: string } | Refused

/** No month has more days before its last one. */
const maxBeforeLast = 30

/**
 * The forms of the day field that fall on another day in each month: `L`, `L-3`, `15W`, `LW` and `L-3W`, as in
 * Quartz. undefined if the item has neither an L nor a W.
 */
export function checkDayForm(field: Field, item: string): Item | undefined {
  const form = item.toUpperCase()
  if (!/^[LW]|W/.test(form) || /[^\dLW/+-]/.test(form)) return undefined
  const [, before, isWorkday] = /^L-?(\d*)(W?)$/.exec(form) ?? []
  if (/^LW?$/.test(form)) return { ok: true, text: form }
  if (form.startsWith('L-') && before !== undefined && before !== '')
    return checkBeforeLast(field, item, Number(before), isWorkday ?? '')
  const [, day] = /^(\d+)W$/.exec(form) ?? []
  return day === undefined ? refuseForm(field, item, form) : checkNearest(field, item, Number(day))
}

/** `L-3`, or `L-3W` with the sign `W`. */
function checkBeforeLast(field: Field, item: string, days: number, sign: string): Item {
  if (days >= 1 && days <= maxBeforeLast) return { ok: true, text: `L-${days}${sign}` }
  const message = `${field.name}: ${JSON.stringify(item)} is out of range; L-1 to L-${maxBeforeLast} are allowed`
  return { ok: false, message, hint: days === 0 ? `write ${JSON.stringify(`L${sign}`)}` : aboutL }
}

function checkNearest(field: Field, item: string, day: number): Item {
  if (day >= field.min && day <= field.max) return { ok: true, text: `${day}W` }
  const hint =
    day === 0
      ? 'write "1W" for the first working day of the month'
      : 'write "LW" for the last working day of the month'
  return refuse(field, `${JSON.stringify(item)} is out of range`, hint)
}

const aboutL = 'L is the last day of the month, and L-3 the third day before it'
const aboutW =
  '15W is the working day nearest to the 15th; for all working days write mon-fri as the weekday'

function refuseForm(field: Field, item: string, form: string): Item {
  const shown = JSON.stringify(item)
  const letter = form.includes('W') ? 'W' : 'L'
  if (form.includes('/')) {
    const alone = form.slice(0, form.indexOf('/'))
    const hint = checkDayForm(field, alone)?.ok === true ? `write ${JSON.stringify(alone)}` : null
    return refuse(field, `${letter} takes no step; got ${shown}`, hint)
  }
  const [, swapped] = /^W(\d+|L)$/.exec(form) ?? []
  const [, near] = /^L\+?(\d+)$/.exec(form) ?? []
  const meant = swapped === undefined ? near && `L-${near}` : `${swapped}W`
  if (meant !== undefined && checkDayForm(field, meant)?.ok === true)
    return refuse(field, `${shown} is not a day`, `did you mean ${JSON.stringify(meant)}?`)
  if (/^\d+-\d+W$/.test(form))
    return refuse(field, `W takes one day, not ${JSON.stringify(item.slice(0, -1))}`, aboutW)
  return refuse(field, `${shown} is not a day`, letter === 'W' ? aboutW : aboutL)
}
