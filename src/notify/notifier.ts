import type { Host } from '../host/host.ts'
import type { Heartbeat, PingEvent, PingTarget, Target } from '../tasks/notify.ts'
import { newDeliverer } from './deliverer.ts'
import type { Job } from './deliver.ts'
import type { Message } from './message.ts'
import { heartbeatRecipient, type Letter, pingedTask } from './entry-file.ts'
import { type NotifyReport, reportOf } from './report.ts'
import type { Counts } from './results.ts'
import type { Delivery } from './retry-plan.ts'
import { newSending, type SendingParts } from './sending.ts'
import { newTestMessage } from './test-message.ts'

/** Sends messages to people, in the background. Nothing here throws or waits. */
export interface Notifier {
  /** What the loaded tasks file says. */
  follow(followed: Followed): void
  /** Begins to send: also what an earlier daemon left. */
  start(): void
  /** The message is on the disk when this returns. Nothing happens if the same one waits already. */
  send(target: string, message: Message): void
  /** If the task has a ping for this event. A newer ping replaces one that waits. `words`: what happened. */
  ping(task: string, event: PingEvent, words: string): void
  /** Sends a message at once and only once; undefined if there is no such target. */
  test(target: string): Promise<Delivery | undefined>
  report(): NotifyReport
  /** Since the daemon started. */
  counts(): ReadonlyMap<string, Readonly<Counts>>
  /** Ends soon. What waits is for the next daemon. */
  close(): Promise<void>
}

export interface Followed {
  readonly targets: readonly Target[]
  readonly pingOf: (task: string) => PingTarget | undefined
  readonly heartbeat: Heartbeat | undefined
}

export interface NotifierParts extends Omit<SendingParts, 'deliverer' | 'jobOf'> {
  readonly host: Pick<Host, 'clock' | 'files' | 'startHelper'>
}

export function newNotifier({ host, hostName, ...parts }: NotifierParts): Notifier {
  const { clock } = host
  const deliverer = newDeliverer(host)
  let followed: Followed = { targets: [], pingOf: () => undefined, heartbeat: undefined }
  const jobOf = (letter: Letter): Job | undefined => jobFor(letter, followed)
  const sending = newSending({ host, hostName, ...parts, deliverer, jobOf })
  const { results } = sending
  let isRunning = false
  let cancelBeat = (): void => {}

  function beat(): void {
    cancelBeat()
    const { heartbeat } = followed
    if (heartbeat === undefined || !isRunning) return
    cancelBeat = clock.after(heartbeat.everyMs, beat)
    sending.add({ kind: 'heartbeat' })
  }

  return {
    follow(next) {
      const isOther = JSON.stringify(next.heartbeat) !== JSON.stringify(followed.heartbeat)
      followed = next
      const names = new Set(next.targets.map(({ name }) => name))
      results.keepOnly((recipient) => names.has(recipient) || isPinged(recipient, next))
      if (isOther) beat()
    },
    start() {
      isRunning = true
      beat()
      sending.start()
    },
    send: (target, message) => sending.add({ kind: 'message', target, message }),
    ping(task, event, words) {
      if (followed.pingOf(task)?.on.includes(event) === true)
        sending.add({ kind: 'ping', task, event, words })
    },
    async test(name) {
      const target = followed.targets.find((each) => each.name === name)
      if (target === undefined) return undefined
      const message = newTestMessage(hostName, clock.now())
      const delivery = await deliverer.deliver({ kind: 'message', target, message })
      results.note(name, delivery.kind === 'delivered' ? 'delivered' : 'failed', delivery.words)
      if (delivery.kind === 'delivered') sending.retryNow(name)
      return delivery
    },
    report: () => reportOf(followed, sending.entries(), results, clock.now()),
    counts: () => results.counts(),
    async close() {
      isRunning = false
      cancelBeat()
      await sending.close()
      await deliverer.close()
    },
  }
}

function isPinged(recipient: string, { pingOf, heartbeat }: Followed): boolean {
  if (recipient === heartbeatRecipient) return heartbeat !== undefined
  const task = pingedTask(recipient)
  return task !== undefined && pingOf(task) !== undefined
}

function jobFor(letter: Letter, { targets, pingOf, heartbeat }: Followed): Job | undefined {
  switch (letter.kind) {
    case 'message': {
      const target = targets.find(({ name }) => name === letter.target)
      return target && { kind: 'message', target, message: letter.message }
    }
    case 'ping': {
      const ping = pingOf(letter.task)
      const { event, words } = letter
      return ping && { kind: 'ping', url: ping.url, form: ping.form, event, words }
    }
    case 'heartbeat':
      return heartbeat === undefined
        ? undefined
        : { kind: 'ping', url: heartbeat.url, form: 'plain', event: 'ok', words: '' }
  }
}
