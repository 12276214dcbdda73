import { z } from 'zod'
import { durationPattern, parseDuration } from '../../text/duration.ts'
import {
  allowedName,
  maxListen,
  maxNameChars,
  maxScriptBytes,
  maxStartWithinMs,
  maxTextChars,
  minFenceMs,
  minHeartbeatMs,
  minStartWithinMs,
  minUpdateMs,
} from './limits.ts'
import { parseSize, sizePattern } from '../../text/size.ts'
import { expected } from './expected.ts'
import { isPortWrong, parseListen } from './listen.ts'
import { isSourceUrl } from './script-url.ts'

/**
 * The single values of a tasks file. The `error` of each says what is expected: see expected.ts. The
 * `title` describes its form in a word or two, for editors and the reference.
 */

/** An optional key. `preset` is its default as it would be written: see json-schema.ts. */
export function key<S extends z.ZodType>(schema: S, description: string, preset?: unknown) {
  return schema.optional().meta({ description, ...(preset === undefined ? {} : { preset }) })
}

export const text = z
  .string({ error: expected.text })
  .regex(/\S/, { error: expected.text })
  .max(maxTextChars, { error: expected.shortText })

export const zone = text.meta({ title: 'IANA name' })
export const path = text.meta({ title: 'path' })

export const schedule = z
  .union([text, z.array(text).min(1, { error: expected.schedule })], { error: expected.schedule })
  .meta({ title: 'text, or a list of texts' })

const word = z.string({ error: expected.scalar }).max(maxTextChars, { error: expected.shortText })
const program = { error: expected.program }
const wordList = z
  .array(word)
  .min(1, program)
  .refine(([first]) => first !== '', program)
export const command = z
  .union([text, wordList], { error: expected.command })
  .meta({ title: 'text, or a list of words' })

// oxlint-disable-next-line no-control-regex
export const readyLine = text.regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/, { error: expected.oneLine })
export const url = z
  .string({ error: expected.url })
  .regex(/\S/, { error: expected.url })
  .max(maxTextChars, { error: expected.shortText })
  .meta({ title: 'URL, or SOURCE:PATH' })
export const sha256 = z
  .string({ error: expected.sha256 })
  .regex(/^[0-9a-f]{64}$/i, { error: expected.sha256 })
  .transform((sum) => sum.toLowerCase())
  .meta({ title: '64 hexadecimal digits', pattern: '^[0-9a-fA-F]{64}$' })

export const sourceUrl = z
  .string({ error: expected.sourceUrl })
  .refine(isSourceUrl, { error: expected.sourceUrl })
  .meta({ title: 'URL with %s' })
export const ownName = nameLike(/^[A-Za-z][\w.-]*$/, expected.ownName)

const address = z
  .union([z.int(), z.string()], { error: expected.address })
  .transform((written, context) => {
    const parsed = parseListen(written)
    const message = isPortWrong(written) ? expected.port : expected.address
    if (parsed === undefined) context.addIssue({ code: 'custom', message })
    return parsed ?? z.NEVER
  })
const listen = { error: expected.listen }
const threeAtMost = { error: expected.addresses }
export const addresses = z
  .union(
    [
      address.transform((one) => [one]),
      z.array(address).min(1, threeAtMost).max(maxListen, threeAtMost),
      z
        .record(ownName, address)
        .refine((all) => isCountOfAddresses(Object.keys(all).length), threeAtMost)
        .transform((all) => Object.entries(all).map(([name, one]) => ({ ...one, name }))),
    ],
    listen,
  )
  .meta({ title: 'port or address; list or map of up to three' })

function isCountOfAddresses(count: number): boolean {
  return count >= 1 && count <= maxListen
}

export const duration = durationOf(expected.duration, 0)
export const longDuration = durationOf(expected.longDuration, 1)
export const heartbeatPeriod = durationOf(expected.heartbeatPeriod, minHeartbeatMs)

export const startWithin = durationOf(expected.startWithin, minStartWithinMs)
  .refine((ms) => ms <= maxStartWithinMs, { error: expected.startWithin })
  .meta({ title: 'duration from 5s to 10m', pattern: durationPattern.source })
export const fence = z
  .union([z.literal('off'), durationOf(expected.fence, minFenceMs)], { error: expected.fence })
  .meta({ title: 'duration from 15s, or off' })

export const size = z
  .string({ error: expected.size })
  .transform((written, context) => {
    const bytes = parseSize(written)
    const message = sizePattern.test(written) ? 'a size of at most 9000TB' : expected.size
    if (bytes === undefined) context.addIssue({ code: 'custom', message })
    return bytes ?? 0
  })
  .meta({ title: 'size', pattern: sizePattern.source })

export const scriptSize = size.refine((bytes) => bytes >= 1 && bytes <= maxScriptBytes, {
  error: expected.scriptSize,
})

export const update = z
  .union([z.enum(['never', 'always']), durationOf(expected.update, minUpdateMs)], {
    error: expected.update,
  })
  .meta({ title: 'never, always, or a duration' })

const atLeastOne = (error: string) => z.int({ error }).min(1, { error })

export const seconds = z
  .union(
    [
      atLeastOne(expected.seconds).transform((count) => count * 1000),
      durationOf(expected.seconds, 1),
    ],
    { error: expected.seconds },
  )
  .transform((ms) => Math.ceil(ms / 1000))
  .meta({ title: 'seconds, or a duration' })

export const max = z
  .union([atLeastOne(expected.max), z.literal('unlimited')], { error: expected.max })
  .transform((most) => (most === 'unlimited' ? Infinity : most))
  .meta({ title: 'whole number from 1, or unlimited' })

export const shell = z
  .string({ error: expected.shell })
  .regex(/^\/./, { error: expected.shell })
  .max(maxTextChars, { error: expected.shortText })
  .meta({ title: 'absolute path' })

export const umask = z
  .union([z.string(), z.int()], { error: expected.umask })
  .transform((written, context) => {
    const mask = parseUmask(written)
    if (mask === undefined) context.addIssue({ code: 'custom', message: expected.umask })
    return mask ?? 0
  })
  .meta({ title: 'octal digits' })

/** A name or a numeric id. Both are text from here on. */
const accountName = z.string().regex(/^[\w.][\w.-]*\$?$/, { error: expected.account })
const accountId = z.int().min(0, { error: expected.account })
export const account = z
  .union([accountName, accountId], { error: expected.account })
  .transform(String)
  .meta({ title: 'name or number' })

const hostEntry = z.string({ error: expected.entry }).regex(/\S/, { error: expected.entry })
export const hostEntries = z
  .array(hostEntry, { error: expected.entries })
  .min(1, { error: expected.entries })

export const exitCodes = z
  .array(z.int({ error: expected.code }).min(0, expected.code).max(255, expected.code), {
    error: expected.codes,
  })
  .min(1, { error: expected.codes })
  .meta({ title: 'list of 0 to 255' })

const retryCode = z.int().min(0).max(255)
const retryRange = z
  .string()
  .regex(/^\d{1,3}\.\.\d{1,3}$/)
  .transform((written, context) => {
    const [from = 0, to = 0] = written.split('..').map(Number)
    if (from <= to && to <= 255) return { from, to }
    context.addIssue({ code: 'custom', message: expected.retryCause })
    return z.NEVER
  })
const retryCause = z.union(
  [
    retryCode.transform((code) => ({ from: code, to: code })),
    z.enum(['timeout', 'signal', 'spawn-failed']),
    retryRange,
  ],
  { error: expected.retryCause },
)
export const retryCauses = z
  .array(retryCause, { error: expected.retryCauses })
  .min(1, { error: expected.retryCauses })
  .meta({ title: 'list of exit codes, ranges and words' })

export const variableName = z.string().regex(/^[A-Za-z_]\w*$/, { error: expected.envName })
const envName = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, { error: expected.envName })
  .regex(allowedName, { error: expected.envOwn })
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: expected.scalar })

/** tree.ts gives numbers and booleans as the text that is written. */
export const environment = z.record(envName, scalar.transform(String))

const labelName = z.string().regex(/^[^\s=]+$/, { error: expected.labelName })
export const labels = z.record(labelName, scalar.transform(String))

export const taskName = nameLike(/^[A-Za-z0-9][\w.-]*$/, expected.taskName)
export const groupName = nameLike(/^[\w-]+$/, expected.groupName)

/** A whole number from `least` to `most`. */
export function whole(least: number, most?: number) {
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`
  const error = `a whole number ${range}`
  return z
    .int({ error })
    .min(least, { error })
    .max(most ?? Number.MAX_SAFE_INTEGER, { error })
}

export function factor(least: number, most: number) {
  const error = `a number from ${least} to ${most}`
  return z.number({ error }).min(least, { error }).max(most, { error })
}

/** A duration of at least `leastMs`, in milliseconds. */
function durationOf(error: string, leastMs: number) {
  return z
    .string({ error })
    .transform((written, context) => {
      const parsed = parseDuration(written)
      if (parsed.ok && parsed.ms >= leastMs) return parsed.ms
      const isTooLong = !parsed.ok && written !== '' && durationPattern.test(written)
      const message = isTooLong ? 'a duration of at most 36500d' : error
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
    .meta({ title: 'duration', pattern: durationPattern.source })
}

function nameLike(pattern: RegExp, error: string) {
  return z.string().regex(pattern, { error }).max(maxNameChars, { error })
}

/**
 * Reads a umask from octal digits: `022`, `0022`, `"022"` and `0o022` are all 0o22. YAML 1.2 reads
 * 022 as the decimal number 22, so the digits of a number are taken as the octal digits that its
 * author wrote.
 */
export function parseUmask(written: string | number): number | undefined {
  const match = /^(?:0o)?0*([0-7]{1,3})$/.exec(String(written))
  return match === null ? undefined : parseInt(match[1] ?? '', 8)
}

/** As people write it: `022`. */
export function formatUmask(mask: number): string {
  return mask.toString(8).padStart(3, '0')
}
