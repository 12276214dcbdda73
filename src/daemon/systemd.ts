import type { Host } from '../host/host.ts'

/** systemd-notify answers in a few milliseconds; where systemd is stuck we are not. */
const notifyTimeoutMs = 5_000

/** What systemd is told, see sd_notify(3) and systemd.service(5); nothing where it did not start us. */
export interface Systemd {
  ready(words: string): Promise<void>
  reloading(): Promise<void>
  stopping(): Promise<void>
  /** Stops the watchdog's heartbeat. */
  close(): void
}

/** The environment that systemd gives, read once and not handed on to tasks. */
export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined
  readonly WATCHDOG_USEC?: string | undefined
}

/** Talks by the program systemd-notify: Node has no datagrams on Unix sockets. */
export function openSystemd(host: Host, environment: NotifyEnvironment): Systemd {
  const socket = environment.NOTIFY_SOCKET
  if (socket === undefined || socket === '') return silent
  const tell = async (...words: string[]): Promise<void> => {
    await host.processes.runProgram('systemd-notify', words, {
      timeoutMs: notifyTimeoutMs,
      env: { NOTIFY_SOCKET: socket },
    })
  }
  const pid = `MAINPID=${host.processes.pid}`
  const cancel = beat(host, environment.WATCHDOG_USEC, () => tell('WATCHDOG=1'))
  return {
    ready: (words) => tell('READY=1', pid, `STATUS=${words}`),
    reloading: () =>
      tell('RELOADING=1', `MONOTONIC_USEC=${Math.round(host.clock.monotonic() * 1000)}`),
    stopping: () => tell('STOPPING=1', 'STATUS=stopping'),
    close: cancel,
  }
}

const silent: Systemd = {
  ready: async () => {},
  reloading: async () => {},
  stopping: async () => {},
  close() {},
}

/** Twice in each watchdog period, by the daemon's own loop: a stuck loop is silent. */
function beat(host: Host, microseconds: string | undefined, tell: () => Promise<void>): () => void {
  const periodMs = Number(microseconds ?? 0) / 1000
  if (!(periodMs > 0)) return () => {}
  let cancel = (): void => {}
  const once = (): void => {
    cancel = host.clock.after(periodMs / 2, once)
    void tell()
  }
  once()
  return () => cancel()
}
