import fc from 'fast-check'

/** Something that must hold for whatever comes: a row of the table in targets.ts. */
export interface Target {
  readonly name: string
  /** How many of its cases are tried, beside those of the others: cheap ones have more. */
  readonly share: number
  /** Makes what its cases need: a server, a folder. */
  start(): Promise<Started> | Started
}

export interface Started {
  readonly property: fc.IRawProperty<unknown>
  close(): Promise<void> | void
}

/** A single case takes far less, whatever is in it: one that takes more is a failure. */
const maxCaseCpuMs = 2_000

/** What needs nothing: the check throws where its case is a failure. */
export function pure<T>(
  name: string,
  share: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void,
  maxCpuMs = maxCaseCpuMs,
): Target {
  const property = fc.property(arbitrary, (value) => {
    const before = process.cpuUsage()
    check(value)
    const { user, system } = process.cpuUsage(before)
    const ms = (user + system) / 1000
    if (ms > maxCpuMs) throw new Error(`it took ${ms} ms of the processor`)
  })
  return { name, share, start: () => ({ property, close() {} }) }
}
