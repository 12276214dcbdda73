import fc from 'fast-check'
import { stringify } from 'yaml'

/** A tasks file as data, before one of the writings makes it text. */
export type Model = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A file before and after some edits, and the change that must be reported. */
export interface Edited {
  readonly before: Model
  readonly after: Model
  readonly expected: Record<string, unknown>
}

const allEvents = [
  ...['failed', 'recovered', 'missed', 'late', 'stuck', 'no_success_for', 'gave-up'],
  ...['refused', 'daemon-started-after-crash'],
]

/** Settings, and the changed keys that must be reported for them. No two settings share a key. */
const settings: readonly [
  written: Record<string, unknown>,
  expected: Record<string, [unknown, unknown]>,
][] = [
  [{ timeout: '90m' }, { timeout: [null, '1h30m'] }],
  [{ max: 'unlimited', overlap: 'skip' }, { max: [1, 'unlimited'] }],
  [{ retry: { attempts: 3, delay: '1s' } }, { 'retry.attempts': [0, 3] }],
  [{ retry: { backoff: 2 } }, {}],
  [{ umask: '0077' }, { umask: ['022', '077'] }],
  [{ success_codes: [1, 0] }, { success_codes: [[0], [0, 1]] }],
  [{ env: { A: '1', B: '2' } }, { 'env.A': [null, '1'], 'env.B': [null, '2'] }],
  [{ labels: { team: 'data' } }, { 'labels.team': [null, 'data'] }],
  [{ description: 'What: it "does"' }, { description: [null, 'What: it "does"'] }],
  [{ hosts: ['10.0.0.0/8', '!10.0.0.1'] }, { hosts: [null, ['10.0.0.0/8', '!10.0.0.1']] }],
  [
    { limits: { memory: '1GiB', cpu: 60 } },
    { 'limits.cpu': [null, '1m'], 'limits.memory': [null, '1GiB'] },
  ],
  [{ jitter: '120s' }, { jitter: ['0s', '2m'] }],
  [{ enabled: true, nice: 0 }, {}],
  [{ enabled: false }, { enabled: [true, false] }],
  [{ schedule: '0 5 * * *' }, { schedule: ['30 4 * * *', '0 5 * * *'] }],
  [
    { scope: 'fleet', timezone: 'UTC', prefer: ['10.0.0.9'], fence: 'off' },
    { scope: ['host', 'fleet'], prefer: [null, ['10.0.0.9']] },
  ],
  [{ input: 'live' }, { 'input.mode': ['none', 'live'] }],
  [{ input: { mode: 'none' } }, {}],
  [
    { input: { mode: 'queue', format: 'json' } },
    { 'input.mode': ['none', 'queue'], 'input.format': ['text', 'json'] },
  ],
  [
    { script: { url: 'https://x.example/a', update: '60m' } },
    {
      'script.url': [null, 'https://x.example/a'],
      'script.update': [null, '1h'],
      'script.timeout': [null, '30s'],
      'script.max_size': [null, '10MB'],
    },
  ],
  [
    { notify: { on: ['missed', 'failed'], to: [], repeat: '24h' } },
    { 'notify.on': [allEvents, ['failed', 'missed']] },
  ],
  [{ ping: 'https://x.example/T0K' }, { 'ping.url': [null, 'https://x.example/…'] }],
  [{ output: { keep_for: '336h' } }, { 'output.keep_for': ['7d', '14d'] }],
]

const fates = fc.oneof(
  fc.constant({ kind: 'kept' } as const),
  fc.constant({ kind: 'removed' } as const),
  fc.constant({ kind: 'renamed' } as const),
  fc.constant({ kind: 'added' } as const),
  fc.record({ kind: fc.constant('set' as const), setting: fc.constantFrom(...settings) }),
  fc.record({ kind: fc.constant('unset' as const), setting: fc.constantFrom(...settings) }),
)

/** Pairs of files. Each task is kept, removed, added, renamed, or changed in one setting. */
export const edits: fc.Arbitrary<Edited> = fc.array(fates, { maxLength: 12 }).map((each) => {
  const [before, after]: [Record<string, object>, Record<string, object>] = [{}, {}]
  const expected = {
    added: [] as string[],
    removed: [] as string[],
    renamed: [] as string[],
    changed: {},
  }
  for (const [at, fate] of each.entries()) {
    const name = `task-${at}`
    const plain = { schedule: '30 4 * * *', command: `run ${at} | tee -a "log"` }
    if (fate.kind !== 'added') before[name] = plain
    if (fate.kind !== 'removed' && fate.kind !== 'renamed') after[name] = plain
    if (fate.kind === 'added') expected.added.push(name)
    if (fate.kind === 'removed') expected.removed.push(name)
    if (fate.kind === 'renamed') {
      after[`other-${at}`] = plain
      expected.renamed.push(`${name} other-${at}`)
    }
    if (fate.kind !== 'set' && fate.kind !== 'unset') continue
    const [written, keys] = fate.setting
    const side = fate.kind === 'set' ? after : before
    side[name] = { ...plain, ...written }
    const reversed = Object.entries(keys).map(([key, [old, now]]) => [
      key,
      fate.kind === 'set' ? [old, now] : [now, old],
    ])
    if (reversed.length > 0)
      Object.assign(expected.changed, { [name]: Object.fromEntries(reversed) })
  }
  const isNotEmpty = ([, value]: [string, object]): boolean => Object.keys(value).length > 0
  return {
    before,
    after,
    expected: Object.fromEntries(Object.entries(expected).filter(isNotEmpty)),
  } as Edited
})

/** Ways to write the same file. */
export const writings: fc.Arbitrary<(model: Model) => string> = fc
  .record({
    form: fc.constantFrom('json', 'plain', 'single', 'double', 'flow'),
    isReversed: fc.boolean(),
    hasComments: fc.boolean(),
  })
  .map(({ form, isReversed, hasComments }) => (model) => {
    const entries = Object.entries(model)
    // Tasks keep their order, because changes are reported in it. Their keys do not.
    const tasks = Object.fromEntries(
      entries.map(([name, task]) => [name, isReversed ? reversedKeys(task) : task]),
    )
    const file = isReversed ? { tasks, hosts: {} } : { tasks }
    if (form === 'json') return JSON.stringify(file)
    const text = yamlText(file, form)
    return hasComments
      ? `# A file.\n${text}# Its end.\n`.replaceAll('\n  task', '\n\n  # Next.\n  task')
      : text
  })

function reversedKeys(task: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(task).toReversed())
}

function yamlText(file: object, form: 'plain' | 'single' | 'double' | 'flow'): string {
  if (form === 'flow') return stringify(file, { collectionStyle: 'flow' })
  const type = { plain: 'PLAIN', single: 'QUOTE_SINGLE', double: 'QUOTE_DOUBLE' } as const
  return stringify(file, { defaultStringType: type[form], defaultKeyType: 'PLAIN' })
}
