import { formatDuration, parseDuration } from '../../text/duration.ts'
import { parseSize } from '../../text/size.ts'
import { expected } from './expected.ts'
import { isMap, type KeyPath } from './key-path.ts'
import { keysAt } from './schema.ts'

/**
 * What to write instead of a wrong value or an unknown key, if it can be guessed. Each hint is valid
 * itself, and has no full stop.
 */

/** The hint for a value; `what` is the part of `expected` that it does not fit. */
export function hintForValue(what: string, path: KeyPath, found: unknown): string | null {
  const key = String(path.at(-1))
  // The only duration that people give in days.
  const given = key === 'keep_for' && /^\d+$/.test(String(found)) ? `${String(found)} days` : found
  const hint = byExpected[what]?.(given)
  if (hint !== undefined) return hint
  if (what === expected.map) return hintForMap(path, key, found)
  if (what === expected.shortText && path[2] === 'command')
    return 'put the script in a file, and run the file'
  const isNumberText = typeof found === 'string' && /^-?\d+(?:\.\d+)?$/.test(found)
  if (isNumberText && /^an? (?:whole )?number|^an exit code/.test(what)) return 'remove the quotes'
  const isWord = typeof found === 'string' || typeof found === 'boolean'
  const meant = isWord ? choices.get(key)?.get(String(found).toLowerCase()) : undefined
  return meant === undefined ? null : meant.includes(' ') ? meant : didYouMean(meant)
}

const byExpected: Readonly<Record<string, (found: unknown) => string | undefined>> = {
  [expected.duration]: durationHint,
  [expected.longDuration]: durationHint,
  [expected.seconds]: durationHint,
  [expected.size]: sizeHint,
  [expected.flag]: flagHint,
  [expected.text]: (found) =>
    typeof found === 'number' || typeof found === 'boolean' ? 'put it in quotes' : undefined,
  [expected.command]: (found) =>
    typeof found === 'number' || typeof found === 'boolean'
      ? `put it in quotes: "${String(found)}"`
      : undefined,
  [expected.scalar]: (found) => (found === null ? 'write "" for an empty value' : undefined),
  [expected.shell]: (found) =>
    typeof found === 'string' && /^\w*sh$/.test(found) ? didYouMean(`/bin/${found}`) : undefined,
  [expected.max]: maxHint,
  [expected.entries]: entriesHint,
  [expected.codes]: (found) => codesHint(found),
}

function didYouMean(text: string): string {
  return `did you mean "${text}"?`
}

/** Words for units, in other programs and in plain English. */
const unitWords: readonly (readonly [string, RegExp])[] = [
  ['ms', /^(?:ms|msecs?|millis|milliseconds?)$/],
  ['s', /^(?:s|secs?|seconds?)$/],
  ['m', /^(?:m|mins?|minutes?)$/],
  ['h', /^(?:h|hrs?|hours?)$/],
  ['d', /^(?:d|days?)$/],
  ['w', /^(?:w|weeks?)$/],
]

/** `00:05:00` as words. */
const clockTime = /^(\d{1,3}):(\d\d):(\d\d)$/

/** `5 min`, `1.5h`, `1 hour 30 minutes`, `PT5M`, `00:05:00`, `30` (of seconds). */
function durationHint(found: unknown): string | undefined {
  if (typeof found !== 'number' && typeof found !== 'string') return undefined
  const text = String(found).trim().toLowerCase()
  if (/^\d+$/.test(text)) return goodDuration(`${text}s`)
  const words = text.replace(/^pt?(?=\d)/, '').replace(clockTime, '$1h$2m$3s')
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*)+$/.test(words)) return undefined
  let ms = 0
  for (const [, count = '', word = ''] of words.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const unit = unitWords.find(([, others]) => others.test(word))?.[0] ?? '?'
    const one = parseDuration(`1${unit}`)
    if (!one.ok) return undefined
    ms += Number(count) * one.ms
  }
  return goodDuration(formatDuration(ms))
}

function goodDuration(text: string): string | undefined {
  const parsed = parseDuration(text)
  return parsed.ok && parsed.ms > 0 ? didYouMean(text) : undefined
}

/** `2g`, `512Mi`, `100 bytes`, `10` (of MB). */
function sizeHint(found: unknown): string | undefined {
  if (typeof found !== 'number' && typeof found !== 'string') return undefined
  const [, count, unit = '', binary = ''] =
    /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)(?:b|bytes?)?$/i.exec(String(found).trim()) ?? []
  if (count === undefined) return undefined
  const isBare = /^[\d.]+$/.test(String(found).trim())
  const letter = isBare
    ? 'M'
    : binary === ''
      ? unit.toUpperCase().replace('K', 'k')
      : unit.toUpperCase()
  const size = `${count}${letter}${binary.toLowerCase()}B`
  return parseSize(size) === undefined ? undefined : didYouMean(size)
}

function maxHint(found: unknown): string | undefined {
  const word = String(found).toLowerCase()
  if (word === '0') return 'write "unlimited", or enabled: false to switch the task off'
  return /^(?:-1|none|no limit|inf(?:inity|inite)?)$/.test(word)
    ? didYouMean('unlimited')
    : undefined
}

function flagHint(found: unknown): string | undefined {
  const word = String(found).toLowerCase()
  if (['yes', 'y', 'on', 'true', '1'].includes(word)) return 'did you mean true?'
  if (['no', 'n', 'off', 'false', '0'].includes(word)) return 'did you mean false?'
  return undefined
}

function entriesHint(found: unknown): string | undefined {
  if (typeof found !== 'string' || found.trim() === '') return undefined
  if (/^(?:all|any|everywhere)$/i.test(found.trim()))
    return 'leave it out: a task without hosts runs everywhere'
  const entries = found.split(/[\s,]+/).filter((entry) => entry !== '')
  return `did you mean [${entries.map((entry) => JSON.stringify(entry)).join(', ')}]?`
}

function codesHint(found: unknown): string | undefined {
  const codes = String(found).split(/[\s,]+/)
  const isList = typeof found !== 'object' && codes.every((code) => /^\d{1,3}$/.test(code))
  return isList ? `did you mean [${codes.map(Number).join(', ')}]?` : undefined
}

/** By key: the words of other programs for each value. What has a blank is a sentence instead. */
const choices = new Map(
  Object.entries({
    overlap: {
      queue: 'wait enqueue queued delay',
      skip: 'forbid ignore drop deny no false',
      replace: 'kill cancel restart terminate',
      'write max: unlimited': 'allow parallel yes true',
    },
    catchup: { latest: 'true on yes once last all', off: 'false no none never' },
    type: { common: 'cron job task oneshot scheduled', daemon: 'service worker always simple' },
  }).map(([key, words]) => [key, byOtherWord(words)]),
)

function hintForMap(path: KeyPath, key: string, found: unknown): string | null {
  const scalar = typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
  if (path[0] === 'tasks' && path.length === 1 && Array.isArray(found))
    return 'write each task under its name: { backup: { schedule: "@daily", command: ... } }'
  if (path[0] === 'tasks' && path.length === 1 && found === null)
    return 'write {} if it has no tasks'
  if (path[0] === 'tasks' && path.length === 2 && keysAt(path).includes(key))
    return 'indent it below the name of its task'
  if (path[0] === 'tasks' && path.length === 2)
    return 'write the keys of the task below its name: schedule, command'
  if (path[0] === 'hosts') return 'write names of groups with lists: { web: [10.0.1.0/24] }'
  if (key === 'retry' && scalar !== undefined && /^\d{1,3}$/.test(scalar))
    return `did you mean { attempts: ${scalar} }?`
  if (key === 'retry' && found === true) return 'write { attempts: 3 }, or another number'
  if (key === 'restart' && scalar !== undefined && parseDuration(scalar).ok)
    return `did you mean { delay: ${scalar} }?`
  if (key === 'restart')
    return 'torch always starts a daemon task again; write { delay: 1s } to set the delay'
  if (key === 'output' && scalar !== undefined && parseSize(scalar) !== undefined)
    return `did you mean { max_size: ${scalar} }?`
  if ((key === 'env' || key === 'labels') && found !== null) return 'write { NAME: value }'
  return null
}

/**
 * Keys of other schedulers, without `_` and `-`, by the key of torch. What has a blank is a sentence
 * instead of a key.
 */
const otherNames = {
  file: {
    tasks: 'jobs task job crons schedules',
    hosts: 'groups hostgroups machines servers inventory',
    timezone: 'tz zone crontz',
    defaults: 'default global globals common settings',
  },
  task: {
    command: 'cmd run exec execute execstart program shellcommand entrypoint job',
    schedule: 'cron when crontab cronexpression expression every interval period time oncalendar',
    cwd: 'workdir workingdir workingdirectory dir directory chdir folder pwd',
    env: 'environment envs envvars variables vars',
    env_file: 'environmentfile dotenv envfiles',
    user: 'runas username account owner uid becomeuser',
    group: 'gid',
    hosts: 'on machines servers nodes targets ips runson',
    timezone: 'tz zone crontz',
    max: 'concurrency instances replicas parallelism numprocs maxinstances maxruns processes',
    overlap: 'concurrencypolicy onoverlap',
    timeout: 'timelimit maxtime maxduration deadline runtimemaxsec activedeadlineseconds',
    kill_after: 'grace graceperiod stoptimeout timeoutstopsec stopwaitsecs killtimeout',
    jitter: 'splay randomdelay randomizeddelaysec spread',
    catchup: 'persistent anacron misfire',
    catchup_window: 'startingdeadlineseconds',
    restart: 'restartpolicy restartsec autorestart',
    success_codes: 'exitcodes okcodes successexitstatus',
    nice: 'priority niceness',
    limits: 'ulimit ulimits rlimits resources',
    description: 'desc comment doc title',
    labels: 'tags annotations',
    type: 'kind mode',
    'write retry: { attempts: ... }': 'retries maxretries retrycount backofflimit',
    'write enabled: false': 'disabled disable suspend suspended paused',
    'the key above is the name of the task': 'name',
    'write the arguments in command': 'args arguments',
    'torch keeps the output itself: see torch logs': 'stdout stderr log logfile logs outputfile',
    'torch sends no mail: see torch logs': 'mailto email mail',
  },
} as const

const meanings = { file: byOtherWord(otherNames.file), task: byOtherWord(otherNames.task) }

function byOtherWord(words: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(words).flatMap(([own, others]) => others.split(' ').map((one) => [one, own])),
  )
}

/** The key that an unknown one means in other schedulers, or a sentence about it. */
function otherName(path: KeyPath, key: string): string | undefined {
  const level = path.length === 0 ? 'file' : isTaskLevel(path) ? 'task' : undefined
  return level && meanings[level].get(key.toLowerCase().replaceAll(/[-_ ]/g, ''))
}

function isTaskLevel(path: KeyPath): boolean {
  return path[0] === 'defaults' ? path.length === 1 : path[0] === 'tasks' && path.length === 2
}

/** The key of torch that other schedulers call so; undefined if they mean no key. */
export function keyMeantBy(path: KeyPath, key: string): string | undefined {
  // A comment of JavaScript becomes a part of the key behind it.
  const meant = /^\/[/*].*"(\w+)"$/s.exec(key)?.[1] ?? otherName(path, key)
  return meant !== undefined && keysAt(path).includes(meant) ? meant : undefined
}

/** The hint for an unknown key of the map at a path. `value` is what it has. */
export function hintForKey(path: KeyPath, key: string, value: unknown): string | undefined {
  if (path[0] === 'defaults' && path.length === 1 && (key === 'schedule' || key === 'command'))
    return `every task needs its own ${key}`
  if (/^\/[/*]/.test(key)) return 'a comment begins with #, in JSON too'
  if (/^(?:every|interval|period)$/i.test(key) && isTaskLevel(path))
    return 'write schedule: "@every 5m", or another duration'
  const meant = otherName(path, key)
  if (meant !== undefined) return meant.includes(' ') ? meant : didYouMean(meant)
  if (path.length === 0) {
    if (isMap(value) && ('command' in value || 'schedule' in value))
      return 'write it below "tasks:"'
    return keysAt(['defaults']).includes(key) ? 'write it in a task, or in defaults' : undefined
  }
  if (!isTaskLevel(path)) return undefined
  const parents = ['retry', 'restart', 'limits', 'output'].filter((parent) =>
    keysAt(['defaults', parent]).includes(key),
  )
  return parents.length === 0 ? undefined : `write it within ${parents.join(' or ')}`
}
