import os from 'node:os'
import { diskFiles } from './files.ts'

export interface Network {
  /** Host name as the system gives it (short or full). */
  name(): string
  /** All addresses of all interfaces except loopback, IPv4 and IPv6, without zone suffix. */
  addresses(): string[]
}

/** The machine's name and addresses, read anew at each call. */
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
 * With its domain, where the system knows it only short: as hostname(1) -f finds it in hosts(5).
 * No name server is asked: it might not answer, and a task must not move for that.
 */
export function fullName(name: string, hosts: string): string {
  if (name.includes('.')) return name
  const words = hosts
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  const own = words.find((names) => names.includes(name)) ?? []
  return own.find((each) => each.startsWith(`${name}.`) && !each.startsWith('localhost.')) ?? name
}
