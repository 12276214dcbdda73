import { momentMeant } from '../../schedule/dates.ts'
import { daemonEvents, taskEvents } from '../notify.ts'
import { formatDuration, parseDuration } from '../../text/duration.ts'
import { parseSize } from '../../text/size.ts'
import { expected } from './expected.ts'
import type { KeyPath } from './key-path.ts'
import { parseListen } from './listen.ts'
import { keysAt } from './schema.ts'
import { isSourceUrl } from './script-url.ts'
import { wordMeantBy } from './value-words.ts'

/**
 * What to write instead of a wrong value, if it can be guessed. Each hint is valid itself, and has no
 * full stop. See key-hints.ts for unknown keys.
 */

/** The hint for a value; `what` is the part of `expected` that it does not fit. */
export function hintForValue(what: string, path: KeyPath, found: unknown): string | null {
  const key = String(path.at(-1))
  // The only duration that people give in days.
  const given = key === 'keep_for' && /^\d+$/.test(String(found)) ? `${String(found)} days` : found
  if (key === 'repeat' && path.at(-2) === 'notify' && isNever(found))
    return 'write a long time, such as 365d, if a message need not be sent again'
  const hint = byExpected[what]?.(given)
  if (hint !== undefined) return hint
  if (what === expected.map) return hintForMap(path, key, found)
  if (what === expected.shortText && path[2] === 'command')
    return 'put the script in a file, and run the file'
  const isNumberText = typeof found === 'string' && /^-?\d+(?:\.\d+)?$/.test(found)
  if (isNumberText && /^an? (?:whole )?number|^an exit code/.test(what)) return 'remove the quotes'
  const isWord = typeof found === 'string' || typeof found === 'boolean'
  const meant = isWord ? wordMeantBy(key, String(found)) : undefined
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
  [expected.update]: (found) =>
    typeof found === 'string' && parseDuration(found).ok
      ? 'write 1m or more, or always'
      : durationHint(found),
  [expected.fence]: fenceHint,
  [expected.startWithin]: (found) =>
    typeof found === 'string' && parseDuration(found).ok
      ? 'write 5s or more, and 10m or less'
      : durationHint(found),
  [expected.sha256]: sumHint,
  [expected.sourceUrl]: (found) => {
    if (typeof found !== 'string') return undefined
    if (/^(?!https?:)[\w+.@-]+:/i.test(found)) return 'torch fetches scripts by https only'
    const withPath = `${found.replace(/\/$/, '')}/%s`
    return isSourceUrl(withPath) ? didYouMean(withPath) : undefined
  },
  [expected.notify]: (found) => {
    if (typeof found === 'string' && found.includes('://'))
      return 'write it at the top of the file, notify: { ops: { webhook: URL } }, and its name here'
    return found === false || found === null ? 'write [] if nobody gets messages' : undefined
  },
  [expected.notifyEvents]: eventsHint,
  [expected.mailAddresses]: (found) =>
    typeof found === 'string' && /[,;]/.test(found) ? 'write a list of addresses' : undefined,
  [expected.script]: (found) =>
    Array.isArray(found) ? 'write words to run in command' : undefined,
  [expected.moment]: momentHint,
  [expected.date]: dateHint,
  [expected.listen]: addressHint,
  [expected.address]: addressHint,
}

function momentHint(found: unknown): string | undefined {
  const text = String(found)
  const meant = momentMeant(text)
  if (meant !== undefined && meant !== text) return didYouMean(meant)
  return /^\d{4}-\d\d-\d\d/.test(text) ? 'there is no such day or time' : undefined
}

function dateHint(found: unknown): string | undefined {
  const [day = '', ...time] = String(found).split(/[T ]/)
  return time.length > 0 && momentMeant(day) === day ? didYouMean(day) : momentHint(found)
}

function isNever(found: unknown): boolean {
  return found === false || /^(?:0[a-z]*|never|none|no|off|once)$/i.test(String(found))
}

function eventsHint(found: unknown): string | undefined {
  if (typeof found !== 'string') return undefined
  if (/^(?:all|any|always|\*)$/i.test(found)) return 'leave it out for all events except skipped'
  const isEvent = [...taskEvents, ...daemonEvents].some((event) => event === found)
  return isEvent ? `did you mean [${found}]?` : undefined
}

export function didYouMean(text: string): string {
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

function fenceHint(found: unknown): string | undefined {
  if (/^(?:false|no|none|never|null|0|0s)$/i.test(String(found))) return didYouMean('off')
  return typeof found === 'string' && parseDuration(found).ok
    ? 'write 15s or more: the servers of the fleet may need some seconds to choose a new leader'
    : durationHint(found)
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

/** What people paste from other programs: with a prefix, or of another kind. */
function sumHint(found: unknown): string {
  const digits = String(found)
    .trim()
    .replace(/^sha-?256[:=-]?\s*/i, '')
    .replaceAll(/[\s:]/g, '')
  if (!/^[0-9a-f]+$/i.test(digits)) return 'sha256sum FILE prints it, and so does torch scripts'
  if (digits.length === 64) return didYouMean(digits.toLowerCase())
  const kind = { 32: 'an MD5 sum', 40: 'a SHA-1 sum', 128: 'a SHA-512 sum' }[digits.length]
  return `this is ${kind ?? `${digits.length} digits`}; sha256sum FILE prints the right one`
}

/** `:80`, `*:80`, `localhost:80`, `http://0.0.0.0:80`, `/run/app.sock`, `::1:80`. */
function addressHint(found: unknown): string | undefined {
  if (typeof found !== 'string' && typeof found !== 'number') return undefined
  const text = String(found)
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/(?:tcp)?$/, '')
  const forms = [
    text.replace(/^(?:\*|localhost)?:(?=\d+$)/, (name) =>
      name === 'localhost:' ? '127.0.0.1:' : '',
    ),
    text.replace(/^(.*:.*):(\d+)$/, '[$1]:$2'),
    `unix:${text}`,
    `unix:/${text.replace(/^unix:\/*/, '')}`,
  ]
  const good = forms.slice(0, /^(?:unix:|\/)/.test(text) ? 4 : 2).find((form) => parseListen(form))
  if (good !== undefined) return didYouMean(good)
  return /^[\w.-]*[a-z][\w.-]*:\d+$/i.test(text)
    ? 'write an address of the machine: a name can mean several'
    : undefined
}

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
    return 'write { on: failure } or { on: never }; or { delay: 1s } to set the delay'
  if (key === 'ready' && scalar !== undefined && scalar !== '')
    return `did you mean { ${parseDuration(scalar).ok ? 'after' : 'line'}: ${JSON.stringify(scalar)} }?`
  if (key === 'ready') return 'write { line: "listening" }, or { after: 1s }'
  if (key === 'pools') return 'write names with numbers: { db: 1, heavy: 4 }'
  if (key === 'sources') return 'write names with URLs: { ops: "https://git.example.com/%s" }'
  if (key === 'notify' && path.length === 1)
    return 'write names with targets: { ops: { webhook: URL } }'
  if (path[0] === 'notify' && path.length === 2)
    return 'write { webhook: URL }, { mail: ADDRESS } or { command: WORDS }'
  if (key === 'output' && scalar !== undefined && parseSize(scalar) !== undefined)
    return `did you mean { max_size: ${scalar} }?`
  if ((key === 'env' || key === 'labels') && found !== null) return 'write { NAME: value }'
  return null
}
