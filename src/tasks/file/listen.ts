import { byteLength } from '../../text/size.ts'
import { parseNetwork } from '../address.ts'
import type { ListenAddress } from '../task.ts'
import { maxSocketPathBytes } from './limits.ts'

/**
 * Reads `80`, `0.0.0.0:80`, `[::1]:80` or `unix:/run/app.sock`, without a name; undefined for anything
 * else.
 */
export function parseListen(written: string | number): ListenAddress | undefined {
  const name = undefined
  const text = String(written)
  const path = /^unix:(.*)$/s.exec(text)?.[1]
  if (path !== undefined) return isSocketPath(path) ? { name, kind: 'unix', path, text } : undefined
  const [, inBrackets, plain, digits = text] = /^(?:\[(.*)\]|([^[\]]*)):(\d+)$/s.exec(text) ?? []
  const port = /^[1-9]\d{0,4}$/.test(digits) ? Number(digits) : Infinity
  if (port > maxPort) return undefined
  const address = inBrackets ?? plain
  if (address === undefined) return { name, kind: 'tcp', host: undefined, port, text: digits }
  const host = inBrackets === undefined ? hostOf4(address) : hostOf6(address)
  if (host === undefined) return undefined
  const shown = inBrackets === undefined ? host : `[${host}]`
  return { name, kind: 'tcp', host, port, text: `${shown}:${port}` }
}

const maxPort = 65_535

/** Whether only the port of an address is wrong: `0`, `-1`, `0.0.0.0:70000`. */
export function isPortWrong(written: string | number): boolean {
  const text = String(written)
  const withGoodPort = text.replace(/-?\d+$/, '1')
  return parseListen(text) === undefined && parseListen(withGoodPort) !== undefined
}

/** Absolute, and in its normal form: without `.`, `..` and empty parts. */
function isSocketPath(path: string): boolean {
  const [root, ...parts] = path.split('/')
  if (root !== '' || byteLength(path) > maxSocketPathBytes) return false
  // oxlint-disable-next-line no-control-regex
  return parts.length > 0 && parts.every((part) => !/^\.{0,2}$|[\0-\x1f\x7f]/.test(part))
}

/** A 0 at the beginning would be octal for some programs. */
function hostOf4(address: string): string | undefined {
  const isPlain = /^[\d.]+$/.test(address) && !/(?:^|\.)0\d/.test(address)
  return isPlain && parseNetwork(address) !== undefined ? address : undefined
}

/** Without a zone (`%eth0`), and in its shortest form. */
function hostOf6(address: string): string | undefined {
  if (!/^[\da-f:.]+$/i.test(address) || parseNetwork(address) === undefined) return undefined
  return address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : undefined
}
