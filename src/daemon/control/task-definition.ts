import path from 'node:path'
import type { WrittenDefinition } from '../../control/status-report.ts'
import { nonDefaultKeys, type Written } from '../../tasks/compare/written.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import type { Task } from '../../tasks/task.ts'

/**
 * What the tasks file says of a task, without what is secret: values of the environment, and the parts of
 * URLs that may hold a password. `zone` is the time zone that a task has by itself.
 */
export function writtenDefinition(task: Task, zone: string): WrittenDefinition {
  const keys = nonDefaultKeys(task, path.dirname(task.file), zone)
  return {
    file: task.file,
    line: task.line,
    keys: keys.map(([key, value]): [string, string] => [key, shownValue(key, value)]),
  }
}

function shownValue(key: string, value: Written): string {
  const shown = withoutSecrets(key, value)
  return Array.isArray(shown) ? shown.map(String).join('\n') : String(shown)
}

/** A value of a task without what is secret: a value of the environment, and parts of URLs that may hold a password. */
export function withoutSecrets(key: string, value: Written): Written {
  if (value === null) return null
  if (key.startsWith('env.')) return '(set)'
  // Who knows the address of a ping or a webhook can use it.
  const isAddress = /^(?:ping|notify|heartbeat)\b/.test(key)
  const clean = (text: string): string =>
    isAddress
      ? text.replaceAll(wholeUrl, '$1...')
      : text.replaceAll(userInfo, '$1...@').replaceAll(query, '$1...')
  if (typeof value === 'string') return clean(value)
  if (typeof value !== 'object') return value
  return value.map((one) => (typeof one === 'string' ? clean(one) : one))
}

/**
 * A problem as others may see it: with the line of the file only if that is one plain value of a key whose values
 * are shown anyway. Who misspells `env` writes a password under a key that nobody knows.
 */
export function withoutSecretLine(problem: Problem): Problem {
  const { path: key, source } = problem
  const [, name = ''] = /\.(\w+)$/.exec(key) ?? []
  const isPlain = source !== null && shownKeys.has(name) && isValueOf(name, source)
  return isPlain && withoutSecrets('', source) === source ? problem : { ...problem, source: null }
}

const shownKeys = new Set([
  ...['type', 'schedule', 'timezone', 'jitter', 'catchup', 'catchup_window', 'command', 'shell'],
  ...['cwd', 'user', 'group', 'umask', 'nice', 'hosts', 'max', 'overlap', 'timeout', 'kill_after'],
  'pool',
  'after',
  ...['attempts', 'delay', 'backoff', 'max_delay', 'reset_after', 'success_codes', 'enabled'],
  ...['keep_runs', 'keep_for', 'max_size', 'description', 'listen', 'ready'],
])

/** Whether a line is `name: value`, and the value neither a map nor the beginning of a longer one. */
function isValueOf(name: string, source: string): boolean {
  const [, key, value = ''] = /^\s*(?:- )?["']?(\w+)["']?\s*:(.*)$/.exec(source) ?? []
  return key === name && /^\s+[^\s{&*|>]/.test(value) && !/[{}]/.test(value)
}

const wholeUrl = /\b([a-z][a-z\d+.-]*:\/\/(?:[^\s/@]*@)?)\S+/gi
const userInfo = /\b([a-z][a-z\d+.-]*:\/\/)[^\s/@'"]+@/gi
const query = /\b([a-z][a-z\d+.-]*:\/\/[^\s?#'"]*[?#])[^\s'"]+/gi
