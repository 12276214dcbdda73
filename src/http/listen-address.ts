import { hostFacts } from '../tasks/hosts.ts'
import { parseNetwork } from '../tasks/address.ts'
import type { Listen } from './serve.ts'

/** Reads `127.0.0.1:8181`, `[::1]:8181`, `localhost:8181`, `8181` or `unix:/run/torch-web.sock`; undefined if it is none. */
export function parseListen(text: string): Listen | undefined {
  const [, socket] = /^unix:(\/.+)$/.exec(text) ?? []
  if (socket !== undefined) return { kind: 'unix', path: socket }
  const [, six, other, digits] =
    /^(?:(?:\[([\da-f:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  const host = (six ?? other ?? '127.0.0.1').toLowerCase()
  const isAddress = host === 'localhost' || isSingle(host)
  if (digits === undefined || port > 65_535 || !isAddress) return undefined
  return { kind: 'tcp', host, port }
}

function isSingle(host: string): boolean {
  const network = parseNetwork(host)
  return network !== undefined && network.first === network.last
}

/** The names that may stand in the Host header; undefined on a Unix socket, which no browser reaches by a name. */
export function hostNamesOf(listen: Listen, given: readonly string[]): string[] | undefined {
  if (listen.kind === 'unix') return undefined
  const more = given.flatMap((name) => hostFacts(name, []).names.slice(-1))
  return [...new Set(['localhost', listen.host, ...more])]
}

/** The address that a person opens. */
export function addressOf(
  { host, port }: { readonly host: string; readonly port: number },
  isSecure: boolean,
): string {
  const name = host.includes(':') ? `[${host}]` : host
  return `${isSecure ? 'https' : 'http'}://${name}:${port}/`
}
