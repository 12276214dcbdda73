import type { StatusReport } from '../../control/status-report.ts'
import { readPid } from '../../daemon/startup/open-home.ts'
import { type Service, serviceOf } from '../../daemon/systemd.ts'
import { exitStatus } from '../../errors.ts'
import { pause } from '../../host/clock.ts'
import { isAlive } from '../../host/processes.ts'
import { counted, someOf } from '../../text/plural.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { ask, isSilent } from '../daemon/ask.ts'
import { liveRuns } from '../../follow/kept-runs.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'

/** How often to check whether the daemon is gone, in milliseconds. */
const lookMs = 50
/** How often to ask what the daemon waits for. The answer is as long as its tasks file. */
const askMs = 500
/** The longest list of tasks or runs on one line; the rest is counted. */
const maxNamed = 4

/** Runs `torch stop`. */
export async function stop(call: Call, values: Values): Promise<number> {
  await requireSameFile(call, values)
  const { grace: graceMs = null, leave = false } = values
  // BEFORE the stop: afterwards systemd no longer says that this was its daemon.
  const service = await serviceNow(call)
  const pid = await stopDaemon(call, { graceMs, leave })
  const left = leave && !values.json ? leftWords(liveRuns(call.host, call.paths.home)) : ''
  if (values.json) await call.terminal.say(JSON.stringify({ pid }, null, 2))
  else await call.terminal.say(`torch stopped, pid ${pid}${left}`)
  if (service?.mainPid === pid) for (const line of afterStop(service)) call.terminal.note(line)
  return exitStatus.done
}

/** The unit of systemd whose daemon runs. If the pidfile cannot be read, the request itself says why. */
async function serviceNow({ host, paths }: Call): Promise<Service | undefined> {
  try {
    const pid = readPid(host, paths)
    return pid === undefined ? undefined : await serviceOf(host, pid)
  } catch {
    return undefined
  }
}

/** What systemd does now, and how to change that. */
function afterStop({ name, isUser, restart, isEnabled }: Service): string[] {
  const unit = name.replace(/\.service$/, '')
  const systemctl = isUser ? 'systemctl --user' : 'systemctl'
  const comesBack = restart === 'always' || restart === 'on-success'
  if (comesBack)
    return [
      `systemd starts it again, because ${name} has Restart=${restart}`,
      `hint: ${systemctl} stop ${unit} stops it; to stop it for good: ${systemctl} disable --now ${unit}`,
    ]
  if (isEnabled)
    return [
      `systemd starts it again at the next boot, or by: ${systemctl} start ${unit}`,
      `hint: to stop it for good: ${systemctl} disable --now ${unit}`,
    ]
  return [`systemd does not start it again; to start it: ${systemctl} start ${unit}`]
}

/** Stops the daemon, shows what it waits for, and returns its pid when its process is gone. */
async function stopDaemon(
  call: Call,
  options: { readonly graceMs: number | null; readonly leave: boolean },
): Promise<number> {
  const { host, terminal } = call
  const { pid } = await ask(call, 'stop', options, 'required')
  // Identified by pid and start time: another process may get the pid before the next look.
  const daemon = host.processes.identify(pid)
  let shown = ''
  let askedMs = host.clock.monotonic()
  while (isAlive(host, daemon)) {
    await pause(host.clock, lookMs)
    if (options.leave || host.clock.monotonic() - askedMs < askMs) continue
    const words = await wordsOfStopping(call, pid)
    askedMs = host.clock.monotonic()
    if (words !== shown && words !== '') terminal.note(words)
    shown = words
  }
  return pid
}

/** What the daemon waits for; empty if it has closed its socket. */
async function wordsOfStopping(call: Call, pid: number): Promise<string> {
  try {
    const status = await ask(call, 'status', {}, 'optional')
    return status?.daemon?.pid === pid ? waitingWords(status) : ''
  } catch (error) {
    return isSilent(error) ? error.message : ''
  }
}

function waitingWords({ tasks }: StatusReport): string {
  const runs = tasks.flatMap((task) => task.running.map((run) => `${task.name} ${run}`))
  return runs.length === 0 ? '' : `waiting for ${someOf(runs, maxNamed)}`
}

/** `; 2 runs continue: a, b`. */
function leftWords(runs: ReadonlyMap<string, readonly string[]>): string {
  const count = [...runs.values()].flat().length
  if (count === 0) return ''
  const verb = count === 1 ? 'continues' : 'continue'
  return `; ${counted(count, 'run')} ${verb}: ${someOf([...runs.keys()], maxNamed)}`
}
