import fc from 'fast-check'

/** A property that must hold for any input: one entry of the list in targets.ts. */
export interface Target {
  readonly name: string
  /** The share of all cases that this target gets; cheap targets get more. */
  readonly share: number
  /** Creates what the cases need, such as a server or a folder. */
  start(): Promise<Started> | Started
}

export interface Started {
  readonly property: fc.IRawProperty<unknown>
  close(): Promise<void> | void
}

/** A case that takes more processor time than this is a failure. */
const maxCaseCpuMs = 2_000

/** A target that needs no resources. `check` throws if its case fails. */
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
    if (ms > maxCpuMs) throw new Error(`it took ${ms} ms of processor time`)
  })
  return { name, share, start: () => ({ property, close() {} }) }
}
