import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { KillReply, PauseReply, ResumeReply, RunReply, TaskView } from '../../http/api.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { post, problemWords } from '../ask.ts'
import { address, isOfAll, model, opened, show } from '../state.ts'

type Step = 'idle' | 'confirm' | 'busy'

/** Run, kill, pause and resume, where the server allows them. All ask once more before they act. */
export function Actions({ task }: { task: TaskView }): JSX.Element | null {
  const [told, setTold] = useState('')
  if (model.value?.isActive !== true) return null
  const run = async (): Promise<void> => {
    const reply = await post<RunReply>('run', { task: task.name })
    setTold(`started ${reply.run}`)
    show({ ...opened(task, reply.run), tab: 'output' }, true)
  }
  const kill = async (): Promise<void> => {
    const { runs } = await post<KillReply>('kill', { target: task.name })
    setTold(`asked ${counted(runs.length, 'run')} to end`)
  }
  const pause = async (): Promise<void> => {
    await post<PauseReply>('pause', { task: task.name })
    setTold('paused until somebody resumes it')
  }
  const resume = async (): Promise<void> => {
    const { resumed } = await post<ResumeReply>('resume', { task: task.name })
    setTold(resumed ? 'resumed' : 'it was not paused')
  }
  const isHeld = task.paused !== undefined || task.closed !== undefined
  const count = task.running.length
  return (
    <div class="actions">
      <Action words="Run now" sure={`Run ${task.name}${where()} now`} act={run} tell={setTold} />
      {count > 0 && (
        <Action words="Kill" sure={`Kill ${counted(count, 'run')}`} act={kill} tell={setTold} />
      )}
      {mayPause(task) && (
        <Action
          key={String(isHeld)}
          words={isHeld ? 'Resume task' : 'Pause task'}
          sure={`${isHeld ? 'Resume' : 'Pause'} ${task.name}${where()}`}
          act={isHeld ? resume : pause}
          tell={setTold}
        />
      )}
      <span class="note" role="status">
        {told}
      </span>
    </div>
  )
}

/** Only on the machine of the page; and one task cannot be taken out of a pause of all tasks. */
function mayPause({ here, paused }: TaskView): boolean {
  return here && address.value.host === null && paused?.all !== true
}

/** Which machine, if it is not the one of the page. */
function where(): string {
  const { host } = address.value
  if (host === null) return ''
  return isOfAll.value ? ' on one machine' : ` on ${plainLine(host)}`
}

interface ActionProps {
  readonly words: string
  readonly sure: string
  readonly act: () => Promise<void>
  readonly tell: (words: string) => void
}

function Action({ words, sure, act, tell }: ActionProps): JSX.Element {
  const [step, setStep] = useState<Step>('idle')
  if (step !== 'confirm')
    return (
      <button
        type="button"
        disabled={step === 'busy'}
        onClick={() => {
          tell('')
          setStep('confirm')
        }}
      >
        {words}
      </button>
    )
  return (
    <span class="confirm">
      <button
        type="button"
        class="sure"
        onClick={() => {
          setStep('busy')
          act()
            .catch((error: unknown) => tell(problemWords(error)))
            .finally(() => setStep('idle'))
        }}
      >
        {sure}
      </button>
      <button type="button" onClick={() => setStep('idle')}>
        Cancel
      </button>
    </span>
  )
}
