import { askDaemon } from '../../control/client.ts'
import type { Protocol, RequestName } from '../../control/protocol.ts'
import type { Answers, PlainAnswers } from '../../control/server.ts'
import { TorchError } from '../../errors.ts'
import { newDeferred } from '../deferred.ts'

/** How long the next daemon may take to answer: it may have to reload a large file. */
const passOnTimeoutMs = 12_000

/**
 * Where requests wait for whoever answers them: this daemon, nobody while it hands over its home, or
 * the next daemon, to which they are passed on.
 */
export interface RequestQueue {
  /** What the control socket calls. */
  readonly answers: Answers
  /** These answer from now on, also the requests that were held. */
  serve(answers: Answers): void
  /** From now on requests wait. */
  hold(): void
  /** From now on requests are sent to the next daemon, also those that were held. */
  passOn(socketPath: string): void
}

/** A queue in which requests wait until somebody serves them. */
export function newRequestQueue(): RequestQueue {
  let serving = newDeferred<Answers>()
  const serve = (answers: Answers): void => {
    serving.resolve(answers)
    // The promise may have been settled before, by other answers.
    serving = newDeferred()
    serving.resolve(answers)
  }
  return {
    answers: {
      ...forEachName((name) => async (request) => {
        const answers: PlainAnswers = await serving.promise
        return answers[name](request)
      }),
      events: async (...call) => (await serving.promise).events(...call),
      fleetLog: async (...call) => (await serving.promise).fleetLog(...call),
    },
    serve,
    hold() {
      serving = newDeferred()
    },
    passOn(socketPath) {
      const options = { timeoutMs: passOnTimeoutMs }
      serve({
        ...forEachName((name) => (request) => askDaemon(socketPath, name, request, options)),
        // Whoever follows comes back anyway, and then reaches the next daemon.
        events: handedOver,
        fleetLog: handedOver,
      })
    },
  }
}

function handedOver(): never {
  throw new TorchError('busy', 'this daemon has handed over', { hint: 'ask again' })
}

type Answer<N extends RequestName> = (
  request: Protocol[N]['request'],
) => Promise<Protocol[N]['reply']>

function forEachName(make: <N extends RequestName>(name: N) => Answer<N>): PlainAnswers {
  return {
    status: make('status'),
    metrics: make('metrics'),
    reload: make('reload'),
    stop: make('stop'),
    restart: make('restart'),
    run: make('run'),
    pause: make('pause'),
    resume: make('resume'),
    scripts: make('scripts'),
    kill: make('kill'),
    send: make('send'),
    flush: make('flush'),
    reopen: make('reopen'),
    message: make('message'),
    inbox: make('inbox'),
    notify: make('notify'),
    history: make('history'),
    output: make('output'),
    fleetState: make('fleetState'),
    fleetAsk: make('fleetAsk'),
    fleetRows: make('fleetRows'),
    fleetClaim: make('fleetClaim'),
    fleetDo: make('fleetDo'),
  }
}
