import os from 'node:os'
import { diskFiles } from './files.ts'

export interface Network {
  /** The full host name if the machine knows its domain, else the short one. */
  name(): string
  /** The IPv4 and IPv6 addresses of all interfaces except loopback, without a zone suffix. */
  addresses(): string[]
}

/** The name and addresses of the machine, read at each call. */
export const realNetwork: Network = {
  name: () => fullName(os.hostname(), diskFiles.readText('/etc/hosts') ?? ''),
  addresses() {
    const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? [])
    const outward = all
      .filter((each) => !each.internal)
      .map((each) => each.address.replace(/%.*$/, ''))
    return [...new Set(outward)]
  },
}

/**
 * The name of the machine with its domain, which hosts(5) may have; hostname -f looks there too. No name
 * server is asked: tasks must not move to other machines because a name server does not answer.
 */
export function fullName(name: string, hosts: string): string {
  if (name.includes('.')) return name
  const words = hosts
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  const own = words.find((names) => names.includes(name)) ?? []
  return own.find((each) => each.startsWith(`${name}.`) && !each.startsWith('localhost.')) ?? name
}
