import path from 'node:path'
import { probeTasks } from '../../doctor/daemon-and-tasks.ts'
import { bySeverity, canRun, diagnose, summaryOf } from '../../doctor/diagnose.ts'
import { probePrograms } from '../../doctor/external-programs.ts'
import type { Finding, Severity } from '../../doctor/finding.ts'
import { probeFleet } from '../../doctor/fleet-machine.ts'
import { probeHome } from '../../doctor/home.ts'
import { probeMessageTargets } from '../../doctor/message-targets.ts'
import { probeLimits } from '../../doctor/resource-limits.ts'
import { probeSockets } from '../../doctor/sockets.ts'
import { probeScriptCache } from '../../doctor/script-cache.ts'
import { probeSystem } from '../../doctor/system.ts'
import { lostDaemon } from '../../doctor/systemd-unit.ts'
import { probeTime } from '../../doctor/time.ts'
import { exitStatus } from '../../errors.ts'
import { plainLine } from '../../text/sanitize.ts'
import { defaultCacheFolder } from '../../scripts/cache-folder.ts'
import { fleetSettings } from '../args/fleet-section.ts'
import { factsHere } from '../args/host-facts.ts'
import type { FilePath } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { offlineTasksPath, tasksPath } from '../daemon/tasks-file.ts'
import { wrapped } from '../terminal/table.ts'
import type { Style, Terminal } from '../terminal/terminal.ts'

export async function doctor(call: Call, values: Values): Promise<number> {
  const checks = await examine(call, values)
  const ok = canRun(checks)
  if (values.json) await call.terminal.say(JSON.stringify({ ok, checks }, null, 2))
  else await showFindings(call.terminal, checks)
  return ok ? exitStatus.done : exitStatus.failed
}

async function examine(call: Call, values: Values): Promise<Finding[]> {
  const { host, paths, version } = call
  const { facts, here, notify, pid } = await probeTasks(host, {
    paths,
    version,
    machine: factsHere(call, values),
    chooseFile: (daemonFile) => {
      const file = chosenFile(call, values, daemonFile)
      return { ...file, isNamed: values.tasks !== undefined || path.isAbsolute(file.shown) }
    },
  })
  const lost = pid === undefined ? undefined : await lostDaemon(host, pid)
  const system = probeSystem(host, here, lost)
  return diagnose({
    tasks: facts,
    home: probeHome(host, paths, pid !== undefined),
    cache: probeScriptCache(host, values.cache?.absolute ?? defaultCacheFolder(host), here),
    messages: probeMessageTargets(host, paths.outbox, notify),
    programs: probePrograms(host, here),
    sockets: probeSockets(host, here),
    time: await probeTime(host, here, system.inContainer),
    limits: probeLimits(host, here, pid),
    system,
    fleet: await probeFleet(host, {
      settings: () => call.fleet && fleetSettings(call.fleet, host.network.name()),
      socket: paths.socket,
      here,
    }),
  })
}

function chosenFile(call: Call, values: Values, daemonFile: string | undefined): FilePath {
  if (daemonFile !== undefined) return tasksPath(call, values, daemonFile)
  try {
    return offlineTasksPath(call, values)
  } catch {
    // The home cannot be read. The findings say so; the file is then the default one.
    return tasksPath(call, values, undefined)
  }
}

const styles: Readonly<Record<Severity, Style>> = {
  problem: 'red',
  warning: 'yellow',
  note: 'cyan',
  ok: 'green',
}
const severityWidth = 'problem'.length
const gap = '  '
/** Text gets at least this many columns, even if the terminal is narrower. */
const minTextWidth = 30

/** Prints the findings, the most severe first, then the summary. */
export async function showFindings(
  terminal: Terminal,
  findings: readonly Finding[],
): Promise<void> {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  const indent = ' '.repeat(severityWidth + nameWidth + 2 * gap.length)
  const width = Math.max(terminal.columns - indent.length, minTextWidth)
  const shown = bySeverity(findings).map((finding) => {
    const { status, name } = finding
    const label = terminal.paint(styles[status], status) + ' '.repeat(severityWidth - status.length)
    const lines = linesOf(finding).flatMap((each) => wrapped(plainLine(each), width))
    return label + gap + name.padEnd(nameWidth) + gap + lines.join(`\n${indent}`)
  })
  const notOk = findings.filter(({ status }) => status !== 'ok').length
  const blocks = [shown.slice(0, notOk), shown.slice(notOk), [summaryOf(findings)]]
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  await terminal.say(text.join('\n\n'))
}

function linesOf({ found, instead, hint }: Finding): string[] {
  return [
    found,
    ...(instead === null ? [] : [`instead: ${instead}`]),
    ...(hint === null ? [] : [`try: ${hint}`]),
  ]
}
