export interface Line {
  readonly task: string
  readonly isWhole: boolean
}

export interface Row {
  readonly task: string
  readonly slot: string | null
  readonly lastSlot: string | null
  readonly outcome: string
}

export interface ExpectedTask {
  readonly name: string
  readonly kind: 'slots' | 'daemon' | 'host'
  readonly every?: number
  readonly max?: number
  readonly holdFor?: number
  readonly within?: number
  readonly tries?: number
}

export interface Span {
  readonly from: number
  readonly to: number
}

export function readLines(text: string): Line[]

export function checkFleet(facts: {
  readonly lines: readonly Line[]
  readonly rows: readonly Row[]
  readonly tasks: readonly ExpectedTask[]
  readonly from: number
  readonly to: number
  readonly lived: Span
  readonly away?: readonly Span[]
  readonly barred?: readonly (Span & { readonly task: string; readonly host: string })[]
  readonly disturbed?: readonly (Span & {
    readonly host: string
    readonly isCrash?: boolean
    readonly isClock?: boolean
  })[]
  readonly bootedAt?: number
}): { readonly breaches: string[]; readonly figures: Readonly<Record<string, number>> }
