import { createRequire } from 'node:module'
import pino from 'pino'
import type { prettyFactory } from 'pino-pretty'
import { exitStatus, TorchError } from '../errors.ts'
import { openLineFile } from './line-file.ts'

/**
 * The daemon's log: one JSON object a line, with the event as a key of its own (`start`, `end`,
 * `skip`, `load` ...) beside its facts. No call of it throws or waits; a full disk costs lines, which are counted.
 */
export interface Log {
  info(event: string, facts: object, words: string): void
  warn(event: string, facts: object, words: string): void
  error(event: string, facts: object, words: string): void
  /** After a rename by logrotate: goes on in a new file of the old name. */
  reopen(): void
  close(): void
}

export type LogDestination =
  { readonly file: string } | { readonly stdout: true; readonly pretty: boolean }

const stdoutDescriptor = 1

/**
 * `level` is one of pino's: trace, debug, info, warn, error, fatal, silent. Throws TorchError
 * `log-unwritable` where the file cannot be opened, `log-level` where there is no such level.
 */
export function openLog(destination: LogDestination, level = 'info'): Log {
  checkLevel(level)
  const dress = 'stdout' in destination && destination.pretty ? prettyPrinter() : asItIs
  const lines = openLineFile(
    'file' in destination ? destination : { descriptor: stdoutDescriptor },
    (lost) => logger.warn({ event: 'lost', lines: lost }, `${lost} log lines could not be written`),
    {
      onRemoved: () => logger.warn({ event: 'reopen' }, 'the log was removed; a new one is begun'),
    },
  )
  // Written in the same call, never by a worker: what was logged is in the file even if the
  // next thing that happens is a kill -9.
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => lines.put(dress(line)) },
  )
  return {
    info: (event, facts, words) => logger.info({ ...facts, event }, words),
    warn: (event, facts, words) => logger.warn({ ...facts, event }, words),
    error: (event, facts, words) => logger.error({ ...facts, event }, words),
    reopen() {
      const trouble = lines.reopen()
      if (trouble === undefined) logger.info({ event: 'reopen' }, 'log opened again')
      else logger.error({ event: 'reopen' }, `${trouble}; the old file stays in use`)
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

function asItIs(line: string): string {
  return line
}

/** pino-pretty is for terminals: loaded here only, so that a daemon does not carry it. It minds NO_COLOR itself. */
function prettyPrinter(): (line: string) => string {
  const require = createRequire(import.meta.url)
  const pretty = require('pino-pretty') as { prettyFactory: typeof prettyFactory }
  return pretty.prettyFactory({
    ignore: 'pid,event',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  })
}
