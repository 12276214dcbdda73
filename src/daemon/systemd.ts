import type { Host } from '../host/host.ts'

/** Messages to systemd: sd_notify(3), systemd.service(5). They do nothing if it did not start the daemon. */
export interface Systemd {
  /** `status` is what systemctl status shows. From the first call on the watchdog hears of this daemon. */
  ready(status: string): Promise<void>
  reloading(): Promise<void>
  /**
   * From now on that process is the daemon. systemd reads its messages before it looks at processes
   * that have ended, so the previous daemon may end as soon as this has settled.
   */
  handOver(pid: number): Promise<void>
  stopping(): Promise<void>
  /** Changes what systemctl status shows. */
  status(text: string): Promise<void>
  /** Stops the messages to the watchdog. */
  close(): void
}

/** The environment that systemd gives. It is read once and not passed on to tasks. */
export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined
  readonly WATCHDOG_USEC?: string | undefined
}

export function openSystemd(host: Host, environment: NotifyEnvironment): Systemd {
  const socket = environment.NOTIFY_SOCKET
  if (socket === undefined || socket === '') return silent
  // The text of a status must not add a line, which would be another message.
  const notify = (...lines: string[]): Promise<void> =>
    host.notify(
      socket,
      lines.map((line) => line.replaceAll('\n', ' ')),
    )
  const pid = `MAINPID=${host.processes.pid}`
  const watchdog = newWatchdog(host, environment.WATCHDOG_USEC, () => notify('WATCHDOG=1'))
  return {
    async ready(status) {
      await notify('READY=1', pid, `STATUS=${status}`)
      watchdog.start()
    },
    reloading: () =>
      notify('RELOADING=1', `MONOTONIC_USEC=${Math.round(host.clock.monotonic() * 1000)}`),
    handOver(next) {
      watchdog.stop()
      return notify(`MAINPID=${next}`, 'WATCHDOG=1')
    },
    stopping: () => notify('STOPPING=1', 'STATUS=stopping'),
    status: (text) => notify(`STATUS=${text}`),
    close: watchdog.stop,
  }
}

const silent: Systemd = {
  ready: async () => {},
  reloading: async () => {},
  handOver: async () => {},
  stopping: async () => {},
  status: async () => {},
  close() {},
}

interface Watchdog {
  readonly start: () => void
  readonly stop: () => void
}

/** Twice in each watchdog period, from the daemon's own event loop: a loop that hangs is silent. */
function newWatchdog(
  host: Host,
  microseconds: string | undefined,
  notify: () => Promise<void>,
): Watchdog {
  const periodMs = Number(microseconds ?? 0) / 1000
  let cancel: (() => void) | undefined
  const again = (): void => {
    cancel = host.clock.after(periodMs / 2, again)
    void notify()
  }
  return {
    start() {
      if (periodMs > 0 && cancel === undefined) again()
    },
    stop: () => cancel?.(),
  }
}

/** A service of systemd, and what systemd does with it. */
export interface Service {
  /** `torch.service`. */
  readonly name: string
  /** It belongs to a user, not to the machine: `systemctl --user`. */
  readonly isUser: boolean
  readonly mainPid: number
  /** The setting Restart: systemd.service(5). */
  readonly restart: string
  readonly isEnabled: boolean
}

/** The service that a process is in; undefined if it is in none, or systemd does not answer. */
export async function serviceOf(host: Host, pid: number): Promise<Service | undefined> {
  const group = cgroupOf(host, pid)
  const name = group?.split('/').at(-1)
  if (group === undefined || name?.endsWith('.service') !== true) return undefined
  const isUser = /\/user@\d+\.service\/./.test(group)
  const words = ['show', '--property=MainPID,Restart,UnitFileState', '--', name]
  const { ok, stdout } = await host.processes.runProgram(
    'systemctl',
    isUser ? ['--user', ...words] : words,
    { timeoutMs: systemctlTimeoutMs },
  )
  if (!ok) return undefined
  const shown = new Map(stdout.split('\n').map((line) => splitAt(line, line.indexOf('='))))
  return {
    name,
    isUser,
    mainPid: Number(shown.get('MainPID')),
    restart: shown.get('Restart') ?? '',
    isEnabled: shown.get('UnitFileState')?.startsWith('enabled') === true,
  }
}

const systemctlTimeoutMs = 5_000

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1)]
}

/**
 * The control group of a process, as systemd names it: cgroups(7). The two versions of control groups
 * may be in use side by side, and only one of them for services.
 */
export function cgroupOf(host: Host, pid: number): string | undefined {
  const text = host.files.readText(`/proc/${pid}/cgroup`) ?? ''
  const groups = [...text.matchAll(/^(?:0::|\d+:name=systemd:)(\/.*)$/gm)]
  return groups.map(([, group]) => group).find((group) => group !== '/')
}
