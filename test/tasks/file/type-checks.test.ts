import { describe, expect, test } from 'vitest'
import { good, oneLine, problemsOf } from '../../support/tasks.ts'

/** The problems of one task with these keys, with their hints. */
function problems(keys: string, top = ''): string[] {
  return problemsOf(`${top}tasks:\n  a: { ${keys} }\n`).map(oneLine)
}

describe('a manual task', () => {
  test('a manual task has no schedule', () => {
    expect(good('tasks: { a: { type: manual, command: x } }').tasks).toMatchObject([
      { type: 'manual', schedules: [] },
    ])
    expect(problems('type: manual, command: x, schedule: "@daily"')).toEqual([
      'tasks.a.schedule: not allowed for a manual task: only torch run, the library or a message starts it (remove it, or write type: common for a task that also has a schedule)',
    ])
  })

  test.each([
    'overlap: queue',
    'catchup: latest',
    'catchup_window: 1h',
    'jitter: 1s',
    'restart: {}',
  ])('a manual task is told that it does not use %s', (key) => {
    expect(problems(`type: manual, command: x, ${key}`)).toEqual([
      `warning: tasks.a.${key.replace(/:.*/, '')}: has no effect on a task of type manual`,
    ])
    expect(problems('type: manual, command: x', `defaults: { ${key} }\n`)).toEqual([])
  })

  test('retry has an effect on a manual task only if messages start it', () => {
    expect(problems('type: manual, command: x, retry: { attempts: 1 }')).toEqual([
      'warning: tasks.a.retry: has no effect without input: queue: a run that a person started is not retried',
    ])
    expect(problems('type: manual, command: x, input: queue, retry: { attempts: 1 }')).toEqual([])
  })
})

describe('retry.on', () => {
  const keys = 'schedule: "@daily", command: x'
  test('it has exit codes, ranges of them, and other ends', () => {
    const on = '[75, 100..110, timeout, signal, spawn-failed]'
    const [task] = good(`tasks: { a: { ${keys}, retry: { attempts: 1, on: ${on} } } }`).tasks
    expect(task?.retry.on).toEqual([
      ...[
        { from: 75, to: 75 },
        { from: 100, to: 110 },
      ],
      ...['timeout', 'signal', 'spawn-failed'],
    ])
  })

  test('a task without it has no such key, so that its definition stays as it was', () => {
    const [task] = good(`tasks: { a: { ${keys}, retry: { attempts: 1 } } }`).tasks
    expect(Object.keys(task?.retry ?? {})).not.toContain('on')
  })

  test.each([
    ['[75..10]', 'on[0]: expected an exit code', 'got "75..10"'],
    ['[256]', 'on[0]: expected an exit code', 'got 256'],
    ['[0..300]', 'on[0]: expected an exit code', 'got "0..300"'],
    ['[failed]', 'on[0]: expected an exit code', 'got "failed"'],
    ['[]', 'on: expected a list such as [75, 100..110', 'got an empty list'],
    ['timeout', 'on: expected a list such as [75, 100..110', 'got "timeout"'],
  ])('on: %s is an error', (on, message, got) => {
    const [problem = ''] = problems(`${keys}, retry: { attempts: 1, on: ${on} }`)
    expect(problem).toContain(`tasks.a.retry.${message}`)
    expect(problem).toContain(got)
  })

  test('a code that counts as ok, and causes without attempts, are warnings', () => {
    expect(problems(`${keys}, success_codes: [0, 3], retry: { attempts: 1, on: [3, 4] }`)).toEqual([
      'warning: tasks.a.retry.on: an exit code of 3 counts as ok: no retry follows it',
    ])
    expect(problems(`${keys}, retry: { on: [4] }`)).toEqual([
      'warning: tasks.a.retry.on: has no effect without attempts',
    ])
  })
})

describe('restart.on and restart.limit', () => {
  const keys = 'type: daemon, command: x'
  test('a daemon task has them, and without them no such key, so that its definition stays as it was', () => {
    const restartOf = (written: string) =>
      good(`tasks: { a: { ${keys}, restart: ${written} } }`).tasks[0]?.restart
    expect(restartOf('{ on: failure, limit: { starts: 5, within: 10m } }')).toMatchObject({
      ...{ on: 'failure', limit: { starts: 5, withinMs: 600_000 } },
    })
    expect(Object.keys(restartOf('{ on: always }') ?? {})).toEqual([
      ...['delayMs', 'maxDelayMs', 'resetAfterMs'],
    ])
  })

  test.each([
    [
      '{ on: on-failure }',
      'restart.on: expected "always", "failure" or "never"; got "on-failure" (did you mean "failure"?)',
    ],
    [
      '{ on: no }',
      'restart.on: expected "always", "failure" or "never"; got "no" (did you mean "never"?)',
    ],
    [
      'never',
      'restart: expected a map; got "never" (write { on: failure } or { on: never }; or { delay: 1s } to set the delay)',
    ],
    [
      '{ limit: { starts: 5 } }',
      'restart.limit: expected starts and within; got only starts (write { starts: 5, within: 10m })',
    ],
    [
      '{ limit: {} }',
      'restart.limit: expected starts and within; got neither (write { starts: 5, within: 10m })',
    ],
    ['{ limit: 5 }', 'restart.limit: expected a map; got 5'],
    [
      '{ limit: { starts: 5, whithin: 1m } }',
      'restart.limit.whithin: unknown key "whithin" (did you mean "within"?)',
    ],
    [
      '{ limit: { starts: 0, within: 1m } }',
      'restart.limit.starts: expected a whole number from 1 to 1000; got 0',
    ],
  ])('restart: %s is an error', (restart, message) => {
    expect(problems(`${keys}, restart: ${restart}`)).toEqual([`tasks.a.${message}`])
  })

  test.each([
    ['{ limit: { starts: 5, within: 10m } }', []],
    [
      '{ limit: { starts: 5, within: 20s } }',
      ['is never reached: with these delays, 6 starts take at least 31s'],
    ],
    // Runs that last as long as this are quick to start again.
    ['{ reset_after: 1s, limit: { starts: 5, within: 20s } }', []],
    ['{ on: never, limit: { starts: 5, within: 10m } }', ['has no effect with on: never']],
  ])('the limit in restart: %s has the warnings %j', (restart, warnings) => {
    expect(problems(`${keys}, restart: ${restart}`)).toEqual(
      warnings.map((warning) => `warning: tasks.a.restart.limit: ${warning}`),
    )
  })
})

describe('listen and ready', () => {
  test.each(['type: common, schedule: "@daily"', 'schedule: "@daily"', 'type: manual'])(
    'only a daemon task can listen and be ready, and not one with %s',
    (kind) => {
      const type = kind.includes('manual') ? 'manual' : 'common'
      expect(problems(`${kind}, command: x, listen: 80, ready: { after: 1s }`)).toEqual([
        `tasks.a.listen: not allowed for a ${type} task: torch opens sockets for daemon tasks only (remove it, or write type: daemon)`,
        `tasks.a.ready: not allowed for a ${type} task: torch waits only for the runs of daemon tasks (remove it, or write type: daemon)`,
      ])
    },
  )

  test('a common task ignores ready of the defaults', () => {
    const text = `defaults: { ready: { line: up } }
tasks:
  a: { schedule: "@daily", command: x }
  b: { type: daemon, command: x }
`
    expect(problemsOf(text)).toEqual([])
    expect(good(text).tasks).toMatchObject([
      { ready: undefined },
      { ready: { kind: 'line', text: 'up', timeoutMs: 30_000 } },
    ])
  })

  test.each([
    ['listen: 80', { kind: 'after', afterMs: 1000, timeoutMs: 31_000 }],
    ['ready: { after: 2m }', { kind: 'after', afterMs: 120_000, timeoutMs: 150_000 }],
    ['ready: { line: up, timeout: 5s }', { kind: 'line', text: 'up', timeoutMs: 5000 }],
    ['max: 1', undefined],
  ])('a daemon task with %s is ready when %j', (keys, ready) => {
    expect(good(`tasks: { a: { type: daemon, command: [x], ${keys} } }`).tasks[0]?.ready).toEqual(
      ready,
    )
  })

  test('a task that says ready does not inherit parts of it', () => {
    const text =
      'defaults: { ready: { line: up } }\ntasks: { a: { type: daemon, command: [x], ready: { after: 1s } } }'
    expect(good(text).tasks[0]?.ready).toMatchObject({ kind: 'after', afterMs: 1000 })
  })

  test('parts of ready that exclude each other are reported', () => {
    expect(problems('type: daemon, command: [x], ready: { line: up, after: 1s }')).toEqual([
      'tasks.a.ready: expected either line or after; got both (remove one of them)',
    ])
    expect(problems('type: daemon, command: [x], ready: { after: 1s, timeout: 1s }')).toEqual([
      'warning: tasks.a.ready.timeout: has no effect without line',
    ])
  })

  test.each(['{}', '{ timeout: 1s }'])(
    'ready: %s is reported, because it says nothing',
    (ready) => {
      const hint = '(write { line: "listening" }, or { after: 1s })'
      expect(problems(`type: daemon, command: [x], listen: 80, ready: ${ready}`)).toEqual([
        `tasks.a.ready: expected line or after; got neither ${hint}`,
      ])
      const defaults = `defaults: { ready: ${ready} }\ntasks: { a: { type: daemon, command: [x] } }`
      expect(problemsOf(defaults).map(oneLine)).toEqual([
        `defaults.ready: expected line or after; got neither ${hint}`,
      ])
    },
  )

  test('a text that no line can have is reported', () => {
    expect(problems('type: daemon, command: [x], ready: { line: "a\\nb" }')).toEqual([
      'tasks.a.ready.line: expected text without line breaks and control characters; got "a\\nb"',
    ])
    expect(problems('type: daemon, command: [x], ready: { line: "a\\tb é" }')).toEqual([])
  })

  test.each([
    ['listening', 'did you mean { line: "listening" }?'],
    ['5s', 'did you mean { after: "5s" }?'],
    ['true', 'write { line: "listening" }, or { after: 1s }'],
  ])('ready: %s is reported with a hint', (written, hint) => {
    expect(problems(`type: daemon, command: [x], ready: ${written}`)).toEqual([
      expect.stringContaining(`expected a map; got`),
    ])
    expect(problems(`type: daemon, command: [x], ready: ${written}`)[0]).toContain(`(${hint})`)
  })
})

describe('input', () => {
  test.each([
    ['live', { mode: 'live', format: 'text' }],
    ['queue', { mode: 'queue', format: 'text' }],
    ['none', { mode: 'none', format: 'text' }],
    ['{}', { mode: 'none', format: 'text' }],
    ['{ mode: queue, format: json }', { mode: 'queue', format: 'json' }],
  ])('input: %s is read', (written, input) => {
    expect(
      good(`tasks: { a: { type: daemon, command: x, input: ${written} } }`).tasks[0]?.input,
    ).toEqual(input)
  })

  test('a task and the defaults share the parts of input', () => {
    const text = `defaults: { input: { format: json } }
tasks:
  a: { type: manual, command: x, input: queue }
  b: { type: manual, command: x, input: live }
  c: { type: manual, command: x, input: { mode: queue, format: text } }
`
    expect(problemsOf(text)).toEqual([])
    expect(good(text).tasks.map(({ input }) => `${input.mode} ${input.format}`)).toEqual([
      'queue json',
      'live text',
      'queue text',
    ])
  })

  test.each([
    ['liv', '"liv" (did you mean "live"?)'],
    ['stdin', '"stdin" (did you mean "live"?)'],
    ['inbox', '"inbox" (did you mean "queue"?)'],
    ['false', 'false (did you mean "none"?)'],
    ['3', '3'],
  ])('input: %s is reported', (written, got) => {
    expect(problems(`type: manual, command: x, input: ${written}`)).toEqual([
      `tasks.a.input: expected "none", "live" or "queue", or a map with mode and format; got ${got}`,
    ])
  })

  test('a wrong part of input is reported where it is', () => {
    expect(problems('type: manual, command: x, input: { mode: queue, fromat: json }')).toEqual([
      'tasks.a.input.fromat: unknown key "fromat" (did you mean "format"?)',
    ])
    expect(problems('type: manual, command: x, input: { mode: queue, format: jsonl }')).toEqual([
      'tasks.a.input.format: expected "text" or "json"; got "jsonl" (did you mean "json"?)',
    ])
    expect(problems('type: manual, command: x, input: { mode: live, format: json }')).toEqual([
      'warning: tasks.a.input.format: has no effect with mode live',
    ])
    expect(problems('schedule: "@daily", command: x, input: { format: json }')).toEqual([
      'warning: tasks.a.input.format: has no effect without mode: queue',
    ])
  })

  test('a queue without a bound for its runs gives a warning', () => {
    expect(problems('type: manual, command: x, input: queue, max: unlimited')).toEqual([
      'warning: tasks.a.input: with max: unlimited, messages that come one by one start a run each (set max to a number)',
    ])
    expect(problems('type: manual, command: x, input: live, max: unlimited')).toEqual([])
    expect(problems('schedule: "@daily", command: x, input: queue, max: unlimited')).toEqual([])
  })

  test('a queue that several daemon runs take from gives a warning about the order', () => {
    expect(problems('type: daemon, command: x, input: queue, max: 4')).toEqual([
      'warning: tasks.a.input: with max: 4, messages do not keep their order: 4 runs take them at once (max: 1 keeps the order)',
    ])
    expect(problems('type: manual, command: x, input: queue, max: 4')).toEqual([])
  })

  test('input goes with overlap: replace', () => {
    expect(problems('schedule: "@daily", command: x, input: live, overlap: replace')).toEqual([])
  })
})

test.each([
  ['listen: 80', 'write it in a task'],
  ['input: live', 'write it in a task, or in defaults'],
  ['defaults: { script: x }', 'write it in each task that needs it'],
  ['defaults: { listen: 80 }', 'write it in each task that needs it'],
  ['defaults: { stdin: live }', 'did you mean "input"?'],
])('a key in the wrong place has a hint: %s', (text, hint) => {
  expect(problemsOf(`${text}\ntasks: {}`)).toMatchObject([{ hint }])
})

test.each([
  ['mode: queue', 'did you mean "type"?'],
  ['format: json', 'write it within input'],
  ['sha256: abc', 'write it within script'],
  ['scripturl: abc', 'did you mean "script"?'],
  ['ports: 80', 'did you mean "listen"?'],
  ['readinessProbe: x', 'did you mean "ready"?'],
])('a key of another program has a hint: %s', (key, hint) => {
  expect(problemsOf(`tasks: { a: { type: manual, command: x, ${key} } }`)).toMatchObject([{ hint }])
})
