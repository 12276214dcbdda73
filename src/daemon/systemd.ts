import type { Host } from '../host/host.ts'

/** systemd-notify takes a few milliseconds; if systemd is stuck, the daemon is not. */
const notifyTimeoutMs = 5_000

/** Messages to systemd: sd_notify(3), systemd.service(5). They do nothing if it did not start the daemon. */
export interface Systemd {
  /** `status` is what systemctl status shows. */
  ready(status: string): Promise<void>
  reloading(): Promise<void>
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

/** Uses the program systemd-notify, because Node has no datagrams on Unix sockets. */
export function openSystemd(host: Host, environment: NotifyEnvironment): Systemd {
  const socket = environment.NOTIFY_SOCKET
  if (socket === undefined || socket === '') return silent
  const notify = async (...messages: string[]): Promise<void> => {
    await host.processes.runProgram('systemd-notify', messages, {
      timeoutMs: notifyTimeoutMs,
      env: { NOTIFY_SOCKET: socket },
    })
  }
  const pid = `MAINPID=${host.processes.pid}`
  const close = feedWatchdog(host, environment.WATCHDOG_USEC, () => notify('WATCHDOG=1'))
  return {
    ready: (status) => notify('READY=1', pid, `STATUS=${status}`),
    reloading: () =>
      notify('RELOADING=1', `MONOTONIC_USEC=${Math.round(host.clock.monotonic() * 1000)}`),
    stopping: () => notify('STOPPING=1', 'STATUS=stopping'),
    status: (text) => notify(`STATUS=${text}`),
    close,
  }
}

const silent: Systemd = {
  ready: async () => {},
  reloading: async () => {},
  stopping: async () => {},
  status: async () => {},
  close() {},
}

/** Twice in each watchdog period, from the daemon's own event loop: a loop that hangs is silent. */
function feedWatchdog(
  host: Host,
  microseconds: string | undefined,
  notify: () => Promise<void>,
): () => void {
  const periodMs = Number(microseconds ?? 0) / 1000
  if (!(periodMs > 0)) return () => {}
  let cancel = (): void => {}
  const once = (): void => {
    cancel = host.clock.after(periodMs / 2, once)
    void notify()
  }
  once()
  return () => cancel()
}
