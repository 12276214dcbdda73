import { exitStatus } from '../../../errors.ts'
import { canRun, diagnose } from '../../../doctor/diagnose.ts'
import type { Finding } from '../../../doctor/finding.ts'
import type { Call } from '../../command.ts'
import { lookAtBounds } from '../../../doctor/probe-limits.ts'
import { lookAtHome } from '../../../doctor/probe-home.ts'
import { lookAtPrograms } from '../../../doctor/probe-programs.ts'
import { lookAtSystem } from '../../../doctor/probe-system.ts'
import { lookAtTime } from '../../../doctor/probe-time.ts'
import { showFindings } from './show.ts'
import type { Values } from '../../args/options.ts'

export async function doctor(call: Call, values: Values): Promise<number> {
  const checks = await examine(call, values)
  const ok = canRun(checks)
  if (values.json) await call.terminal.say(JSON.stringify({ ok, checks }, null, 2))
  else await showFindings(call.terminal, checks)
  return ok ? exitStatus.done : exitStatus.failed
}

async function examine(call: Call, values: Values): Promise<Finding[]> {
  const { host, paths } = call
  const { lookAtTasks } = await import('./probe-tasks.ts')
  const { facts: tasks, here, pid } = await lookAtTasks(call, values)
  const system = lookAtSystem(host, here)
  return diagnose({
    tasks,
    system,
    home: lookAtHome(host, paths, pid !== undefined),
    programs: lookAtPrograms(host, here),
    time: await lookAtTime(host, here, system.inContainer),
    bounds: lookAtBounds(host, here, pid),
  })
}
