/** How much of the timeline is in view: this much before its centre, and as much after it. */
export const spans = {
  '1h': 3_600_000,
  '3h': 10_800_000,
  '6h': 21_600_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
  '3d': 259_200_000,
  '7d': 604_800_000,
} as const
export type SpanName = keyof typeof spans
export const spanNames = Object.keys(spans).filter(isSpanName)

/** Which tasks are listed. */
export const groupNames = [
  'failing',
  'missed',
  'running',
  'skipped',
  'ok',
  'waiting',
  'away',
] as const
export type Group = (typeof groupNames)[number]

export const tabs = ['output', 'history', 'starts', 'definition'] as const
export type Tab = (typeof tabs)[number]

/** The rows of the last 24 hours that the page lists, of all tasks. */
const dayKinds = ['failed', 'missed', 'skipped'] as const
export type DayKind = (typeof dayKinds)[number]

/** What the page shows. All of it is in the address, so that a link shows the same to others. */
export interface PageAddress {
  readonly filter: string
  readonly group: Group | null
  readonly order: 'urgency' | 'name'
  readonly span: SpanName
  /** The centre of the timeline in ms since the epoch; null: it moves with the time. */
  readonly at: number | null
  /** The machine of the fleet; `*`: all of them; null: the one of the page. */
  readonly host: string | null
  /** The table of the machines shows all of them, also where there are many. */
  readonly machines: 'all' | null
  /** The panel lists these rows, unless it shows a task. */
  readonly day: DayKind | null
  readonly task: string | null
  readonly run: string | null
  readonly tab: Tab
  /** The outcome to which the history of the task is limited. */
  readonly only: string | null
}

export const homeAddress: PageAddress = {
  filter: '',
  group: null,
  order: 'urgency',
  span: '6h',
  at: null,
  host: null,
  machines: null,
  day: null,
  task: null,
  run: null,
  tab: 'output',
  only: null,
}

/** Reads the part of an address after `?`. What makes no sense is left out. */
export function readAddress(query: string): PageAddress {
  const fields = new URLSearchParams(query)
  const text = (name: string): string | null => fields.get(name) || null
  const span = text('span') ?? ''
  const at = Date.parse(text('at') ?? '')
  return {
    filter: text('q') ?? '',
    group: groupNames.find((name) => name === text('show')) ?? null,
    order: text('order') === 'name' ? 'name' : 'urgency',
    span: isSpanName(span) ? span : homeAddress.span,
    at: Number.isNaN(at) ? null : at,
    host: text('host'),
    machines: text('machines') === 'all' ? 'all' : null,
    day: dayKinds.find((kind) => kind === text('day')) ?? null,
    task: text('task'),
    run: text('run'),
    tab: tabs.find((name) => name === text('tab')) ?? homeAddress.tab,
    only: text('only'),
  }
}

/** The opposite of {@link readAddress}: `?q=backup&span=1d`; `?` alone for the page without a choice. */
export function writeAddress(address: PageAddress): string {
  const fields = new URLSearchParams()
  const put = (name: string, value: string | null, usual: string | null): void => {
    if (value !== null && value !== usual) fields.set(name, value)
  }
  put('q', address.filter, '')
  put('show', address.group, null)
  put('order', address.order, homeAddress.order)
  put('span', address.span, homeAddress.span)
  put('at', address.at === null ? null : new Date(address.at).toISOString(), null)
  put('host', address.host, null)
  put('machines', address.machines, null)
  if (address.task === null) put('day', address.day, null)
  else {
    put('task', address.task, null)
    put('run', address.run, null)
    put('tab', address.tab, homeAddress.tab)
    put('only', address.only, null)
  }
  return `?${fields}`
}

function isSpanName(name: string): name is SpanName {
  return Object.hasOwn(spans, name)
}
