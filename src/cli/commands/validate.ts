import { wholeProblem } from '../../daemon/tasks-file/bad-tasks.ts'
import { exitStatus } from '../../errors.ts'
import { counted } from '../../text/plural.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { problemJson, showProblems } from '../terminal/problems.ts'
import { findTasksPath, notValid } from '../daemon/tasks-file.ts'

/** Runs `torch validate`. */
export async function validate(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  const file = await findTasksPath(call, values, call.args[0])
  const { loadTasks } = await import('../../daemon/tasks-file/load.ts')
  const { file: good, problems } = await loadTasks(host, file.absolute, {
    shown: file.shown,
    mayBeOpen: true,
  })
  const ok = good !== undefined
  if (values.json) {
    await terminal.say(JSON.stringify({ ok, problems: problems.map(problemJson) }, null, 2))
  } else if (wholeProblem(problems) !== undefined) {
    throw notValid({ path: file.shown, problems })
  } else {
    if (problems.length > 0) terminal.note(showProblems(terminal, problems))
    const errors = problems.filter((problem) => problem.severity === 'error').length
    if (ok) await terminal.say(`${file.shown} is valid: ${counted(good.tasks.length, 'task')}`)
    else terminal.note(`torch: ${file.shown} is not valid (${counted(errors, 'problem')})`)
  }
  return ok ? exitStatus.done : exitStatus.usage
}
