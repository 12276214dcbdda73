import path from 'node:path'
import fc from 'fast-check'

/** A value as it is written in the file, and its meaning in Task. */
export interface Setting {
  readonly written: unknown
  readonly meant: unknown
}

/** Values that are written as they are meant. */
const same = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Setting> =>
  arbitrary.map((written) => ({ written, meant: written }))
const oneOf = (...values: readonly unknown[]) => same(fc.constantFrom(...values))
const whole = (min: number, max: number) => same(fc.integer({ min, max }))

/** Text that a tasks file can contain. */
export const words: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((one) => !one.includes('\ufffd')),
    fc.constantFrom('yes', 'null', '~', '1.10', '0x1F', '- a', 'a: b', '#', "it's", '"', '*x'),
    fc.constantFrom(
      'a\nb',
      ' lead',
      'end ',
      '\ttab',
      'a\n\n  b\n',
      '<<',
      '=',
      '?',
      '|',
      '2026-01-01',
    ),
  )
  .filter((text) => /\S/.test(text))

const units: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
}
const part = fc.oneof(fc.constant(0), fc.nat(99))
const parts = fc.record({ w: part, d: part, h: part, m: part, s: part, ms: part })

/** Durations of at least `leastMs`. */
function durations(leastMs: number): fc.Arbitrary<Setting> {
  return parts
    .map((counts) => {
      const given = Object.entries(counts).filter(([, count]) => count > 0)
      const written = given.map(([unit, count]) => `${count}${unit}`).join('') || '0s'
      const meant = given.reduce((sum, [unit, count]) => sum + count * (units[unit] ?? 0), 0)
      return { written, meant }
    })
    .filter(({ meant }) => meant >= leastMs)
}

const sizes = fc
  .tuple(fc.nat(5_000), fc.constantFrom('B', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB', 'gb', 'Mib'))
  .map(([count, unit]) => {
    const power = 'bkmg'.indexOf(unit.charAt(0).toLowerCase())
    const base = /i/i.test(unit) ? 1024 : 1000
    return { written: `${count}${unit}`, meant: count * base ** power }
  })

/** A path within /srv, where the file is. */
const paths = fc
  .array(fc.constantFrom('a', 'b.c', '..', '.', 'd e', 'ü'), { minLength: 1, maxLength: 4 })
  .chain((steps) => fc.constantFrom(steps.join('/'), `/${steps.join('/')}`, `${steps.join('//')}/`))
  .map((written) => {
    const meant = path.posix.resolve('/srv', written)
    return { written, meant }
  })

/** Octal digits, as a number or text. */
const umasks = fc
  .tuple(fc.integer({ min: 0, max: 0o777 }), fc.constantFrom('number', 'digits', '0', '0o'))
  .map(([meant, form]) => {
    const digits = meant.toString(8)
    if (form === 'number') return { written: Number(digits), meant }
    return { written: form === 'digits' ? digits : form + digits, meant }
  })

const cpu = fc.oneof(
  whole(1, 10_000),
  durations(1).map(({ written, meant }) => ({ written, meant: Math.ceil(Number(meant) / 1000) })),
)
const scalars = fc.oneof(
  same(words),
  oneOf(''),
  fc.oneof(fc.integer(), fc.boolean()).map((written) => ({ written, meant: String(written) })),
)
const hosts = fc.array(
  fc.constantFrom(
    'web',
    'db',
    '10.0.0.0/8',
    '!10.0.1.7',
    '2001:db8::/32',
    'web-*',
    'a.example',
    '! web',
  ),
  { minLength: 1, maxLength: 4 },
)

/** The pools of each file. */
export const pools = { db: 1, 'h.2-x': 4 }
const db = { name: 'db', size: 1 }
const heavy = { name: 'h.2-x', size: 4 }

/**
 * Every key that tasks and defaults share, in all of its forms. A key within a map has a dot. Names
 * of variables and labels are examples.
 */
export const settings: Readonly<Record<string, fc.Arbitrary<Setting>>> = {
  hosts: same(hosts),
  max: fc.oneof(whole(1, 1e6), fc.constant({ written: 'unlimited', meant: Infinity })),
  overlap: oneOf('skip', 'queue', 'replace'),
  pool: fc.constantFrom(
    { written: 'db', meant: [db] },
    { written: ['h.2-x', 'db'], meant: [heavy, db] },
    { written: [], meant: [] },
  ),
  timezone: oneOf('UTC', 'Asia/Shanghai', 'America/New_York'),
  jitter: durations(0),
  catchup: oneOf('off', 'latest'),
  catchup_window: durations(0),
  'input.mode': oneOf('none', 'live', 'queue'),
  'input.format': oneOf('text', 'json'),
  timeout: durations(1),
  kill_after: durations(0),
  'retry.attempts': whole(0, 1000),
  'retry.delay': durations(0),
  'retry.backoff': same(fc.integer({ min: 4, max: 400 }).map((quarters) => quarters / 4)),
  'retry.max_delay': durations(0),
  'retry.on': fc.constantFrom(
    { written: ['timeout'], meant: ['timeout'] },
    {
      written: [75, '100..110', 'signal', 'spawn-failed'],
      meant: [{ from: 75, to: 75 }, { from: 100, to: 110 }, 'signal', 'spawn-failed'],
    },
  ),
  'restart.delay': durations(1),
  'restart.max_delay': durations(1),
  'restart.reset_after': durations(0),
  'restart.on': fc.constantFrom(
    { written: 'failure', meant: 'failure' },
    { written: 'never', meant: 'never' },
  ),
  'restart.limit': fc.constant({
    written: { starts: 5, within: '10m' },
    meant: { starts: 5, withinMs: 600_000 },
  }),
  success_codes: same(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 })),
  shell: oneOf('/bin/bash', '/bin/sh', '/opt/my shell'),
  cwd: paths,
  umask: umasks,
  nice: whole(-20, 19),
  'limits.nofile': whole(1, 1e9),
  'limits.cpu': cpu,
  'limits.memory': sizes,
  'limits.core': sizes,
  'limits.fsize': sizes,
  'limits.nproc': whole(1, 1e6),
  user: fc.oneof(
    oneOf('www-data', '_a.b-c$'),
    fc.nat(65_535).map((id) => ({ written: id, meant: `${id}` })),
  ),
  group: oneOf('adm', '0'),
  'env.A': scalars,
  'env._b1': scalars,
  env_file: oneOf('/srv/good.env', 'good.env').map(({ written }) => ({
    written,
    meant: '/srv/good.env',
  })),
  'output.keep_runs': whole(0, 1e6),
  'output.keep_for': durations(1),
  'output.max_size': sizes,
  'notify.to': oneOf(['ops'], ['ops', 'n.2-x'], []),
  'notify.on': oneOf(['failed'], ['failed', 'late', 'stuck', 'skipped', 'paused'], []),
  'notify.late_after': durations(1),
  'notify.stuck_after': durations(1),
  'notify.no_success_for': durations(1),
  'notify.repeat': durations(1),
  description: same(fc.oneof(words, fc.constant(''))),
  'labels.team': scalars,
  'labels.ünicode/x': scalars,
  enabled: oneOf(true, false),
}

/** The keys that only a task of the fleet may have, but all defaults. */
export const fleetSettings: Readonly<Record<string, fc.Arbitrary<Setting>>> = {
  prefer: same(hosts),
  max_per_host: whole(1, 3),
  start_within: fc.integer({ min: 5, max: 600 }).map((seconds) => {
    return { written: `${seconds}s`, meant: seconds * 1000 }
  }),
  on_lost: oneOf('skip', 'rerun'),
  fence: fc.oneof(durations(15_000), fc.constant({ written: 'off', meant: undefined })),
}

/** The calendars of each file. */
export const calendars = { holidays: ['12-25', '2026-12-24..2027-01-01'] }

const oneOfOrNone = <T>(...values: readonly T[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined })

/** What limits the schedules of a task, with its meaning. */
export const whens = fc
  .record({
    from: oneOfOrNone('2026-12-01', '2026-12-01T08:00'),
    until: oneOfOrNone('2027-06-30', '2027-06-30T12:30'),
    unit: oneOfOrNone('days' as const, 'weeks' as const, 'months' as const),
    count: fc.integer({ min: 2, max: 50 }),
    only: oneOfOrNone(['workdays'], ['workdays', 'holidays']),
    except: oneOfOrNone(['weekends'], ['holidays']),
    onExcluded: oneOfOrNone('skip', 'next-day', 'previous-day'),
  })
  .map(({ from, until, unit, count, only, except, onExcluded }) => {
    const start = '2026-01-05'
    const written = {
      ...(from && { from }),
      ...(until && { until }),
      ...(unit && { cycle: { [unit]: count, from: start } }),
      ...(only && { only }),
      ...(except && { except }),
      ...(onExcluded && { on_excluded: onExcluded }),
    }
    const isLimited = [from, until, unit, only, except].some((each) => each !== undefined)
    const meant = {
      ...{ from, until, cycle: unit && { unit, count, from: start } },
      ...{ only: only ?? [], except: except ?? [], onExcluded: onExcluded ?? 'skip' },
      calendars: [only, except].flat().includes('holidays') ? calendars : {},
    }
    return { written, meant: isLimited ? meant : undefined }
  })

const schedule = fc.constantFrom(
  '@daily',
  '*/5 * * * *',
  '0 0,12 1-7 * mon',
  'H H(1-4) * * *',
  '@every 90s',
  '0 6 LW * *',
  '@at 2126-12-31T23:00',
)
export const schedules: fc.Arbitrary<unknown> = fc.oneof(
  schedule,
  fc.array(schedule, { minLength: 1, maxLength: 3 }),
)
export const commands: fc.Arbitrary<unknown> = fc.oneof(
  words,
  fc
    .array(fc.oneof(words, fc.constant('')), { minLength: 1, maxLength: 4 })
    .filter(([program]) => program !== ''),
)

// oxlint-disable-next-line no-control-regex
const lines = words.filter((text) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text))

/** `ready` of a daemon task: one of its two forms. */
export const readies: fc.Arbitrary<Setting> = fc.oneof(
  fc
    .record({ line: lines, timeout: fc.option(durations(1), { nil: undefined }) })
    .map(({ line, timeout }) => ({
      written: { line, ...(timeout && { timeout: timeout.written }) },
      meant: { kind: 'line', text: line, timeoutMs: timeout?.meant ?? 30_000 },
    })),
  durations(0).map(({ written, meant }) => ({
    written: { after: written },
    meant: { kind: 'after', afterMs: meant, timeoutMs: Number(meant) + 30_000 },
  })),
)

/** Named places of scripts, as the file has them. */
export const sources = {
  ops: 'https://git.example.com/ops/%s?raw=1',
  'r-2.x': 'http://r.example/%s',
}

/** Where messages go, as the file has it. */
export const targets = {
  ops: { webhook: 'https://x.example/a?b=c', format: 'teams' },
  'n.2-x': { mail: ['root', 'a+b@x.example'], smtp: { env: 'SMTP' } },
}

const urls = fc.constantFrom(
  ['https://x.example/a/b.sh?c=1', 'https://x.example/a/b.sh?c=1', undefined],
  ['HTTPS://X.example:443', 'https://x.example/', undefined],
  ['ops:bin/pt-x.sh', 'https://git.example.com/ops/bin/pt-x.sh?raw=1', 'ops:bin/pt-x.sh'],
  ['r-2.x:a', 'http://r.example/a', 'r-2.x:a'],
)
const sums = fc.constantFrom(
  '0'.repeat(64),
  '1e62'.padStart(64, '0'),
  'aB'.repeat(32),
  '7'.repeat(64),
)
const updates = fc.oneof(oneOf('never', 'always'), durations(60_000))
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

/** `script` in its short form, or as a map. */
export const scripts: fc.Arbitrary<Setting> = fc
  .record({
    url: urls,
    sum: maybe(sums),
    update: maybe(updates),
    timeout: maybe(durations(1)),
    size: maybe(oneOf('1B', '100MB')),
    headers: maybe(paths),
  })
  .map(({ url: [written = '', complete = '', source], sum, update, timeout, size, headers }) => {
    // http needs a sum.
    const sha256 = complete.startsWith('http:') ? (sum ?? '5'.repeat(64)) : sum
    const map = {
      ...(sha256 !== undefined && { sha256 }),
      ...(update && { update: update.written }),
      ...(timeout && { timeout: timeout.written }),
      ...(size && { max_size: size.written }),
      ...(headers && { headers_file: headers.written }),
    }
    return {
      written: Object.keys(map).length === 0 ? written : { url: written, ...map },
      meant: {
        url: complete,
        source,
        sha256: sha256?.toLowerCase(),
        update: update?.meant ?? 'never',
        timeoutMs: timeout?.meant ?? 30_000,
        maxBytes: size === undefined ? 10_000_000 : size.written === '1B' ? 1 : 100_000_000,
        headersFile: headers?.meant,
      },
    }
  })

const secrets = fc.constantFrom<readonly [written: unknown, meant: unknown]>(
  ['https://hc.example/1?a=b', 'https://hc.example/1?a=b'],
  [{ file: 'ping.url' }, { file: '/srv/ping.url' }],
  [{ env: 'PING_1' }, { env: 'PING_1' }],
)

/** `ping` in its short form, or as a map. */
export const pings: fc.Arbitrary<Setting> = fc
  .record({
    secret: secrets,
    isMap: fc.boolean(),
    on: maybe(fc.constantFrom(['ok'], ['start', 'failed'])),
  })
  .map(({ secret: [written, url], isMap, on }) => ({
    written: isMap || on !== undefined ? { url: written, ...(on && { on }) } : written,
    meant: {
      url,
      form: on === undefined ? 'healthchecks' : 'plain',
      on: on ?? ['start', 'ok', 'failed'],
    },
  }))

/** How many forms of `listen` {@link listenOf} knows. */
export const listenForms = 5

/** `listen` with a port of its own: two tasks of a file may not have the same address. */
export function listenOf(form: number, port: number): Setting {
  const tcp = (host: string | undefined, text: string, name?: string) => {
    return { name, kind: 'tcp', host, port, text }
  }
  const socket = `/run/x-${port}.sock`
  const unix = (name?: string) => ({ name, kind: 'unix', path: socket, text: `unix:${socket}` })
  const plain = tcp(undefined, String(port))
  switch (form) {
    case 0:
      return { written: port, meant: [plain] }
    case 1:
      return { written: `[0:0::1]:${port}`, meant: [tcp('::1', `[::1]:${port}`)] }
    case 2:
      return { written: [String(port), `unix:${socket}`], meant: [plain, unix()] }
    case 3:
      return {
        written: { web: `10.0.0.1:${port}`, 'a.b-c': `unix:${socket}` },
        meant: [tcp('10.0.0.1', `10.0.0.1:${port}`, 'web'), unix('a.b-c')],
      }
    default:
      return { written: [`unix:${socket}`], meant: [unix()] }
  }
}
