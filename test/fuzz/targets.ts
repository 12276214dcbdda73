import { commandLine, completion } from './command-line.ts'
import { control } from './control.ts'
import { envText, envValues } from './env-files.ts'
import { crontabText, crontabTimes, gotorch } from './imports.ts'
import { cidr, entry, glob, share } from './hosts.ts'
import { launcher } from './launcher.ts'
import { due, schedules } from './schedules.ts'
import type { Target } from './target.ts'
import { tasksBytes } from './tasks-bytes.ts'
import { tasksFault } from './tasks-fault.ts'
import { tasksValid } from './tasks-valid.ts'
import { taskName, values } from './values.ts'

/** All targets, from the file that people write to the process that runs. */
export const targets: readonly Target[] = [
  tasksBytes,
  tasksValid,
  tasksFault,
  taskName,
  values,
  cidr,
  glob,
  entry,
  share,
  schedules,
  due,
  crontabText,
  crontabTimes,
  gotorch,
  envText,
  envValues,
  commandLine,
  completion,
  control,
  launcher,
]
