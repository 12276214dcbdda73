import { createRequire } from 'node:module'
import pino from 'pino'
import type { prettyFactory } from 'pino-pretty'
import { exitStatus, TorchError } from '../errors.ts'
import { journalPriority, leadsToJournal } from '../host/systemd-journal.ts'
import { plainLine } from '../text/sanitize.ts'
import { openLineFile } from './line-file.ts'

/**
 * The log of the daemon: one JSON object a line, with the event (`start`, `end`, `skip`, `load` ...)
 * as a key beside its facts. No call throws or waits. A full disk costs lines, and these are counted.
 */
export interface Log {
  info(event: string, facts: object, message: string): void
  warn(event: string, facts: object, message: string): void
  error(event: string, facts: object, message: string): void
  /**
   * Continues in a new file of the same name, after logrotate has renamed the old one. Returns why not, if
   * the old file stays in use.
   */
  reopen(): string | undefined
  close(): void
}

export type LogDestination =
  | { readonly file: string }
  /** Standard output is 1, standard error is 2. */
  | { readonly descriptor: 1 | 2; readonly pretty: boolean }

/**
 * `level` is one of pino's: trace, debug, info, warn, error, fatal, silent. Throws TorchError
 * `log-unwritable` if the file cannot be opened, and `log-level` if there is no such level.
 */
export function openLog(destination: LogDestination, level = 'info'): Log {
  checkLevel(level)
  const format = formatFor(destination)
  const lines = openLineFile(
    destination,
    (lost) => logger.warn({ event: 'lost', lines: lost }, `${lost} log lines could not be written`),
    { onRemoved: () => logger.warn({ event: 'reopen' }, 'the log was removed; this is a new one') },
  )
  // Written in the same call and not by a worker: a logged line is in the file even if a kill -9
  // comes next.
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => lines.put(format(line)) },
  )
  return {
    info: (event, facts, message) => logger.info({ ...facts, event }, message),
    warn: (event, facts, message) => logger.warn({ ...facts, event }, message),
    error: (event, facts, message) => logger.error({ ...facts, event }, message),
    reopen() {
      const problem = lines.reopen()
      if (problem === undefined) logger.info({ event: 'reopen' }, 'log reopened')
      else logger.error({ event: 'reopen' }, `${problem}; the old file stays in use`)
      return problem
    },
    close: () => lines.close(),
  }
}

function checkLevel(level: string): void {
  if (level === 'silent' || level in pino.levels.values) return
  const known = [...Object.keys(pino.levels.values), 'silent'].join(', ')
  throw new TorchError('log-level', `unknown log level "${level}"`, {
    exit: exitStatus.usage,
    hint: `use one of ${known}`,
  })
}

/** Loads pino-pretty only here, for a terminal: most daemons do not need it. It respects NO_COLOR itself. */
function prettyPrinter(): (line: string) => string {
  const require = createRequire(import.meta.url)
  const pretty = require('pino-pretty') as { prettyFactory: typeof prettyFactory }
  const print = pretty.prettyFactory({
    ignore: 'pid,event',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  })
  return (line) => print(withPlainTexts(line))
}

/** A line break in a name must not look like another line of the log, nor a control character move the cursor. */
function withPlainTexts(line: string): string {
  const plain = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? plainLine(value) : value
  return JSON.stringify(JSON.parse(line, plain))
}

function formatFor(destination: LogDestination): (line: string) => string {
  if ('file' in destination) return asItIs
  if (destination.pretty) return prettyPrinter()
  return leadsToJournal(destination.descriptor) ? withPriority : asItIs
}

function asItIs(line: string): string {
  return line
}

/** The numbers that pino writes. */
const levels = { info: 30, warn: 40, error: 50 } as const

/** For the journal of systemd, so that `journalctl -p warning` finds a warning. */
export function withPriority(line: string): string {
  const level = Number(/^\{"level":(\d+)/.exec(line)?.[1])
  if (level >= levels.error) return journalPriority.error + line
  if (level >= levels.warn) return journalPriority.warning + line
  return (level >= levels.info ? journalPriority.info : journalPriority.debug) + line
}
