import { z } from 'zod'
import { durationPattern, parseDuration } from '../../text/duration.ts'
import { maxNameChars, maxTextChars } from './limits.ts'
import { parseSize, sizePattern } from '../../text/size.ts'
import { parseUmask } from './umask.ts'
import { words } from './expected.ts'

/**
 * The single values of a tasks file. The `error` of each is what is expected: see words.ts. The
 * `title` says its form in a word or two, where the form itself does not: for editors and the
 * manual.
 */

const text = z
  .string({ error: words.text })
  .regex(/\S/, { error: words.text })
  .max(maxTextChars, { error: `text of at most ${maxTextChars} characters` })

export const zone = text.meta({ title: 'IANA name' })
export const path = text.meta({ title: 'path' })

export const schedule = z
  .union([text, z.array(text).min(1, { error: words.schedule })], { error: words.schedule })
  .meta({ title: 'text, or a list of texts' })

const word = z
  .string({ error: words.scalar })
  .max(maxTextChars, { error: `text of at most ${maxTextChars} characters` })
const program = { error: 'a list of words whose first is the program' }
const wordList = z
  .array(word)
  .min(1, program)
  .refine(([first]) => first !== '', program)
export const command = z
  .union([text, wordList], { error: words.command })
  .meta({ title: 'text, or a list of words' })

export const duration = durationOf(words.duration, 0)
export const longDuration = durationOf(words.longDuration, 1)

export const size = z
  .string({ error: words.size })
  .transform((written, context) => {
    const bytes = parseSize(written)
    if (bytes === undefined) context.addIssue({ code: 'custom', message: words.size })
    return bytes ?? 0
  })
  .meta({ title: 'size', pattern: sizePattern.source })

const atLeastOne = (error: string) => z.int({ error }).min(1, { error })

export const seconds = z
  .union(
    [atLeastOne(words.seconds).transform((count) => count * 1000), durationOf(words.seconds, 1)],
    { error: words.seconds },
  )
  .transform((ms) => Math.ceil(ms / 1000))
  .meta({ title: 'seconds, or a duration' })

export const max = z
  .union([atLeastOne(words.max), z.literal('unlimited')], { error: words.max })
  .transform((most) => (most === 'unlimited' ? Infinity : most))
  .meta({ title: 'whole number from 1, or unlimited' })

export const shell = z
  .string({ error: words.shell })
  .regex(/^\/./, { error: words.shell })
  .meta({ title: 'absolute path' })

export const umask = z
  .union([z.string(), z.int()], { error: words.umask })
  .transform((written, context) => {
    const mask = parseUmask(written)
    if (mask === undefined) context.addIssue({ code: 'custom', message: words.umask })
    return mask ?? 0
  })
  .meta({ title: 'octal digits' })

/** A name or a numeric id: text from here on. */
const accountName = z.string().regex(/^[\w.][\w.-]*\$?$/, { error: words.account })
const accountId = z.int().min(0, { error: words.account })
export const account = z
  .union([accountName, accountId], { error: words.account })
  .transform(String)
  .meta({ title: 'name or number' })

const hostEntry = z.string({ error: words.entry }).regex(/\S/, { error: words.entry })
export const hostEntries = z
  .array(hostEntry, { error: words.entries })
  .min(1, { error: words.entries })

export const exitCodes = z
  .array(z.int({ error: words.code }).min(0, words.code).max(255, words.code), {
    error: words.codes,
  })
  .min(1, { error: words.codes })
  .meta({ title: 'list of 0 to 255' })

const envName = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, { error: words.envName })
  .regex(/^(?!TORCH_)/, { error: words.envOwn })
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: words.scalar })

/** Numbers and booleans come as they were written, as text: see tree.ts. */
export const environment = z.record(envName, scalar.transform(String))

const labelName = z.string().regex(/^[^\s=]+$/, { error: words.labelName })
export const labels = z.record(labelName, scalar.transform(String))

export const taskName = nameLike(/^[A-Za-z0-9][\w.-]*$/, words.taskName)
export const groupName = nameLike(/^[\w-]+$/, words.groupName)

/** A whole number of at least `least`, and at most `most`. */
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

/** Milliseconds, at least so many. */
function durationOf(error: string, leastMs: number) {
  return z
    .string({ error })
    .transform((written, context) => {
      const parsed = parseDuration(written)
      if (parsed.ok && parsed.ms >= leastMs) return parsed.ms
      context.addIssue({ code: 'custom', message: error })
      return z.NEVER
    })
    .meta({ title: 'duration', pattern: durationPattern.source })
}

function nameLike(pattern: RegExp, error: string) {
  return z.string().regex(pattern, { error }).max(maxNameChars, { error })
}
