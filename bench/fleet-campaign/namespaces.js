import { execFileSync } from 'node:child_process'

/** Whether this process may make network namespaces: it needs root, and ip and nsenter of Linux. */
export function canSeparate() {
  if (process.getuid() !== 0) return false
  try {
    ip('netns', 'add', nameOf('probe'))
    ip('netns', 'delete', nameOf('probe'))
    execFileSync('nsenter', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * A network namespace for each name, with an address of its own on one bridge. What is cut off gets and sends no
 * packet, and nobody gets a word that says so, as with a pulled cable.
 */
export function newNamespaces(names) {
  const subnet = `10.211.${process.pid % 250}`
  const bridge = `tfc${process.pid}`
  const hub = `${subnet}.254`
  const made = new Map(
    names.map((name, index) => [
      name,
      { address: `${subnet}.${index + 1}`, cable: `tfc${process.pid}-${index + 1}` },
    ]),
  )
  function close() {
    // Each takes its cable with it. What was not made is not missed.
    for (const name of names) tryIp('netns', 'delete', nameOf(name))
    tryIp('link', 'delete', bridge)
  }
  process.on('exit', close)
  ip('link', 'add', 'name', bridge, 'type', 'bridge')
  ip('link', 'set', bridge, 'up')
  ip('address', 'add', `${hub}/24`, 'dev', bridge)
  for (const [name, { address, cable }] of made) {
    const space = nameOf(name)
    ip('netns', 'add', space)
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
    ip('link', 'set', cable, 'master', bridge, 'up')
    for (const words of [
      ['address', 'add', `${address}/24`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
      ['link', 'set', 'lo', 'up'],
    ])
      ip('-n', space, ...words)
  }
  return {
    /** The address of this process for all of them. */
    hub,
    addressOf: (name) => made.get(name).address,
    /** The words to put before a command that is to run in a namespace. */
    enter: (name) => ['nsenter', `--net=/var/run/netns/${nameOf(name)}`],
    cut: (name) => ip('link', 'set', made.get(name).cable, 'down'),
    heal: (name) => ip('link', 'set', made.get(name).cable, 'up'),
    close,
  }
}

/** Everything on loopback, for whoever may not make namespaces. */
export const noNamespaces = {
  hub: '127.0.0.1',
  addressOf: () => '127.0.0.1',
  enter: () => [],
  heal() {},
  close() {},
}

function nameOf(name) {
  return `torch-fleet-${process.pid}-${name}`
}

function ip(...words) {
  execFileSync('ip', words, { stdio: 'ignore' })
}

function tryIp(...words) {
  try {
    ip(...words)
  } catch {
    // It is gone.
  }
}
