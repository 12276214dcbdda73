import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { type LastResult, readResults } from '../notify/results.ts'
import { readSecret } from '../notify/secrets.ts'
import type { FileNotify, Secret, Target } from '../tasks/notify.ts'
import { counted } from '../text/plural.ts'
import { type CheckResult, type Finding, findingsOf, ok, warning } from './finding.ts'

/** Where messages to people go, and whether they arrive. */
export interface MessageTargetFacts {
  readonly targets: readonly {
    readonly name: string
    /** Why a file with its URL or password cannot be read; undefined: it can. */
    readonly unreadable: string | undefined
    /** What came of its last message. */
    readonly last: LastResult | null
  }[]
}

/** Probes the targets of a tasks file. `outbox`: the folder of the home. Never throws. */
export function probeMessageTargets(
  host: Host,
  outbox: string,
  notify: FileNotify | undefined,
): MessageTargetFacts {
  const results = readResults(host.files, outbox)
  const targets = (notify?.targets ?? []).map((target) => ({
    name: target.name,
    unreadable: whyUnreadable(host, target),
    last: results[target.name] ?? null,
  }))
  return { targets }
}

/** Only files: the variables of the daemon are not those of this process. */
function whyUnreadable(host: Host, target: Target): string | undefined {
  for (const secret of secretsOf(target)) {
    if (typeof secret === 'string' || 'env' in secret) continue
    try {
      readSecret(host, secret, {})
    } catch (error) {
      return messageOf(error)
    }
  }
  return undefined
}

function secretsOf(target: Target): Secret[] {
  if (target.kind === 'webhook') return [target.url]
  if (target.kind === 'command') return []
  return [target.smtp, target.password].filter((each) => each !== null)
}

export function judgeMessageTargets(facts: MessageTargetFacts): Finding[] {
  return findingsOf({ messages: checkTargets(facts) })
}

/** undefined without targets: nobody wants messages. */
function checkTargets({ targets }: MessageTargetFacts): CheckResult | undefined {
  if (targets.length === 0) return undefined
  const [closed] = targets.filter(({ unreadable }) => unreadable !== undefined)
  if (closed !== undefined)
    return warning(`messages to ${closed.name} cannot be sent: ${closed.unreadable}`, {
      hint: `torch notify test ${closed.name}, when that is done`,
    })
  const [failed] = targets.filter(({ last }) => last !== null && last.result !== 'delivered')
  if (failed?.last != null) {
    const { words, at } = failed.last
    return warning(`a message to ${failed.name} was not delivered at ${at}: ${words}`, {
      hint: `torch notify shows all of them; try: torch notify test ${failed.name}`,
    })
  }
  return ok(`messages go to ${counted(targets.length, 'target')}, and none has failed lately`)
}
