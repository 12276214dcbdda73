import fc from 'fast-check'
import { stringify } from 'yaml'

/** A tasks file as data, before it is written down in one way or another. */
export type Model = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What was done to a file, and what is to be said of it. */
export interface Edited {
  readonly before: Model
  readonly after: Model
  readonly told: Record<string, unknown>
}

/** Settings, and how a change to them is told. Each by itself: none of them touches the keys of another. */
const settings: readonly [
  written: Record<string, unknown>,
  told: Record<string, [unknown, unknown]>,
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

/** Files of some tasks, of which each is left alone, taken away, put in, renamed, or changed in one setting. */
export const edits: fc.Arbitrary<Edited> = fc.array(fates, { maxLength: 12 }).map((each) => {
  const [before, after]: [Record<string, object>, Record<string, object>] = [{}, {}]
  const told = {
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
    if (fate.kind === 'added') told.added.push(name)
    if (fate.kind === 'removed') told.removed.push(name)
    if (fate.kind === 'renamed') {
      after[`other-${at}`] = plain
      told.renamed.push(`${name} other-${at}`)
    }
    if (fate.kind !== 'set' && fate.kind !== 'unset') continue
    const [written, keys] = fate.setting
    const side = fate.kind === 'set' ? after : before
    side[name] = { ...plain, ...written }
    const turned = Object.entries(keys).map(([key, [old, now]]) => [
      key,
      fate.kind === 'set' ? [old, now] : [now, old],
    ])
    if (turned.length > 0) Object.assign(told.changed, { [name]: Object.fromEntries(turned) })
  }
  const isSaid = ([, value]: [string, object]): boolean => Object.keys(value).length > 0
  return { before, after, told: Object.fromEntries(Object.entries(told).filter(isSaid)) } as Edited
})

/** Ways to write a file down that mean the same. */
export const writings: fc.Arbitrary<(model: Model) => string> = fc
  .record({
    form: fc.constantFrom('json', 'plain', 'single', 'double', 'flow'),
    isTurned: fc.boolean(),
    hasComments: fc.boolean(),
  })
  .map(({ form, isTurned, hasComments }) => (model) => {
    const entries = Object.entries(model)
    // Tasks keep their order, which is that of what is told; their keys do not.
    const tasks = Object.fromEntries(
      entries.map(([name, task]) => [name, isTurned ? backwards(task) : task]),
    )
    const file = isTurned ? { tasks, hosts: {} } : { tasks }
    if (form === 'json') return JSON.stringify(file)
    const text = yamlText(file, form)
    return hasComments
      ? `# A file.\n${text}# Its end.\n`.replaceAll('\n  task', '\n\n  # Next.\n  task')
      : text
  })

function backwards(task: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(task).toReversed())
}

function yamlText(file: object, form: 'plain' | 'single' | 'double' | 'flow'): string {
  if (form === 'flow') return stringify(file, { collectionStyle: 'flow' })
  const type = { plain: 'PLAIN', single: 'QUOTE_SINGLE', double: 'QUOTE_DOUBLE' } as const
  return stringify(file, { defaultStringType: type[form], defaultKeyType: 'PLAIN' })
}
