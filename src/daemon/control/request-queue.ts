import { askDaemon } from '../../control/client.ts'
import type { Protocol, RequestName } from '../../control/protocol.ts'
import type { Answers } from '../../control/server.ts'

/** How long an answer of the next daemon may take: a reload of a large file. */
const passOnTimeoutMs = 12_000

/**
 * Where requests are answered, whoever answers them: the daemon as it is now; nobody, while it
 * hands over; or the daemon after it, to which they are passed on.
 */
export interface Desk {
  /** What the control socket calls. */
  readonly answers: Answers
  /** From now on these answer, also what was held. */
  serve(answers: Answers): void
  /** What comes from now on waits. */
  hold(): void
  /** What comes from now on, and what was held, is asked at the socket. */
  passOn(socketPath: string): void
}

/** A desk at which requests wait until somebody serves. */
export function makeDesk(): Desk {
  let open = (_answers: Answers): void => {}
  let serving: Promise<Answers> = nobody()
  function nobody(): Promise<Answers> {
    return new Promise((resolve) => {
      open = resolve
    })
  }
  const through =
    <N extends RequestName>(name: N) =>
    async (request: Protocol[N]['request']): Promise<Protocol[N]['reply']> =>
      (await serving)[name](request)
  const serve = (answers: Answers): void => {
    open(answers)
    serving = Promise.resolve(answers)
  }
  return {
    answers: everyName(through),
    serve,
    hold() {
      serving = nobody()
    },
    passOn(socketPath) {
      serve(
        everyName(
          (name) => (request) =>
            askDaemon(socketPath, name, request, { timeoutMs: passOnTimeoutMs }),
        ),
      )
    },
  }
}

type Answer<N extends RequestName> = (
  request: Protocol[N]['request'],
) => Promise<Protocol[N]['reply']>

function everyName(make: <N extends RequestName>(name: N) => Answer<N>): Answers {
  return {
    status: make('status'),
    reload: make('reload'),
    stop: make('stop'),
    restart: make('restart'),
    run: make('run'),
    kill: make('kill'),
    flush: make('flush'),
  }
}
