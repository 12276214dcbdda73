import type { EngineConnection } from '../../../src/daemon/fleet/fleet.ts'
import type { HeardMessage } from '../../../src/fleet/exchange.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import type { World } from './world.ts'

/** What machines say to each other, and the rows that they keep for each other, in memory. */
export interface FakeTalk {
  of(host: string): Pick<EngineConnection, 'rows' | 'exchange'>
  /** The engine is away. */
  isDown: boolean
  /** Machines that hear and say nothing. */
  readonly away: Set<string>
  /** All rows that were stored, in order, each with its id. */
  readonly stored: readonly { readonly id: string; readonly row: HistoryRow }[]
  /** All messages that were sent, as `subject text`. */
  readonly said: readonly string[]
  /** What no machine may say, by its subject. */
  readonly forbidden: Set<string>
}

interface Listening {
  readonly host: string
  readonly pattern: RegExp
  readonly listener: (message: HeardMessage) => void
}

const silent = { kind: 'silent', words: 'not connected' } as const

export function newFakeTalk(world: Pick<World, 'after' | 'now'>): FakeTalk {
  const listening = new Set<Listening>()
  const stored: { readonly id: string; readonly row: HistoryRow; readonly storedMs: number }[] = []
  const said: string[] = []
  const forbidden = new Set<string>()
  let inboxes = 0

  const away = new Set<string>()

  function listen(host: string, subject: string, listener: Listening['listener']): () => void {
    const source = subject.replaceAll('.', String.raw`\.`).replaceAll('*', '[^.]+')
    const each = { host, pattern: new RegExp(`^${source}$`), listener }
    listening.add(each)
    return () => void listening.delete(each)
  }

  /** Returns whether somebody hears it. */
  function send(subject: string, data: Uint8Array | string, reply: string | undefined): boolean {
    if (talk.isDown) return false
    const bytes = Buffer.from(data)
    said.push(`${subject} ${bytes.toString()}`)
    const heard = [...listening].filter(
      ({ host, pattern }) => pattern.test(subject) && !away.has(host),
    )
    for (const { listener } of heard)
      world.after(1, () => listener({ subject, data: bytes, reply }))
    return heard.length > 0
  }

  const talk: FakeTalk = {
    isDown: false,
    away,
    stored,
    said,
    forbidden,
    of: (host) => ({
      exchange: {
        listen: (subject, listener) => listen(host, subject, listener),
        publish: (subject, data, reply) => void send(subject, data, reply),
        newInbox: () => `re.${host}.${++inboxes}`,
        request: (subject, data, ms) =>
          new Promise((resolve) => {
            if (talk.isDown) return resolve(silent)
            if (forbidden.has(subject)) return resolve({ kind: 'forbidden', words: 'no right' })
            const inbox = `re.${host}.${++inboxes}`
            const stop = listen(host, inbox, ({ data: answer }) => {
              stop()
              resolve({ kind: 'answer', data: answer })
            })
            if (!send(subject, data, inbox)) return resolve({ kind: 'nobody' })
            world.after(ms, () => resolve({ kind: 'silent', words: 'no answer in time' }))
          }),
      },
      rows: {
        async put(row, id) {
          if (talk.isDown) return silent
          if (!stored.some((each) => each.id === id))
            stored.push({ id, row: { ...row, host }, storedMs: world.now() })
          return { kind: 'stored', sequence: stored.length }
        },
        async read({ hosts, tasks, sinceMs = 0, limit }) {
          if (talk.isDown) return silent
          const meant = stored.filter(
            ({ row, storedMs }) =>
              storedMs >= sinceMs &&
              (hosts === undefined || hosts.includes(row.host)) &&
              (tasks === undefined || tasks.includes(row.task)),
          )
          return {
            kind: 'rows',
            rows: meant
              .map(({ row }) => row)
              .toReversed()
              .slice(0, limit),
          }
        },
      },
    }),
  }
  return talk
}
