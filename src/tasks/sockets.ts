import type { ListenAddress } from './task.ts'

/** Whether two sockets cannot be open at the same time. */
export function collide(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  if (a.port !== b.port) return false
  const [one, other] = [a.host, b.host]
  if (one === undefined || other === undefined || one === other) return true
  const isSameFamily = one.includes(':') === other.includes(':')
  return isSameFamily && [one, other].some((host) => host === '0.0.0.0' || host === '::')
}

/** `0.0.0.0:80 (web)` */
export function addressWords({ name, text }: ListenAddress): string {
  return name === undefined ? text : `${text} (${name})`
}
