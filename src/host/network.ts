import os from 'node:os'
import type { Network } from './host.ts'

/** The machine's name and addresses, read anew at each call. */
export const realNetwork: Network = {
  name: () => os.hostname(),
  addresses() {
    const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? [])
    const outward = all
      .filter((each) => !each.internal)
      .map((each) => each.address.replace(/%.*$/, ''))
    return [...new Set(outward)]
  },
}
