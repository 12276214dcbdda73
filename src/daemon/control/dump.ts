import { earliest } from '../../plan/agenda.ts'
import { slotText } from '../../record/history/rows.ts'
import { problemLine } from '../../tasks/file/report.ts'
import type { Torch } from '../state.ts'

/** Everything the daemon has in its head, as one line of the log; without values of environments. */
export function dumpState(torch: Torch): void {
  const runs = [...torch.runs.values()].flat().map((run) => ({
    run: run.description.run,
    task: run.description.task,
    pid: run.recorder?.pid,
    state: run.state,
  }))
  torch.log.info(
    'dump',
    {
      phase: torch.phase,
      facts: torch.facts,
      file: {
        path: torch.loaded.path,
        revision: torch.loaded.revision,
        refused: torch.refused?.problems.map(problemLine),
      },
      tasks: torch.loaded.file.tasks.length,
      here: [...torch.here.keys()],
      done: slotText(torch.tick.done),
      next: slotText(earliest(torch.tick.agenda) ?? null),
      runs,
      waiting: [...torch.waiting.values()],
      due: [...torch.due],
      timed: [...torch.timed.keys()],
      vacancies: [...torch.vacancies],
    },
    'state dump',
  )
}
