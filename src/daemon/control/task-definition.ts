import path from 'node:path'
import type { WrittenDefinition } from '../../control/status-report.ts'
import { nonDefaultKeys, type Written } from '../../tasks/compare/written.ts'
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
  if (key.startsWith('env.')) return '(set)'
  const text = Array.isArray(value) ? value.map(String).join('\n') : String(value)
  // Who knows the address of a ping or a webhook can use it.
  return /^(?:ping|notify|heartbeat)\b/.test(key)
    ? text.replaceAll(wholeUrl, '$1...')
    : text.replaceAll(userInfo, '$1...@').replaceAll(query, '$1...')
}

const wholeUrl = /\b([a-z][a-z\d+.-]*:\/\/(?:[^\s/@]*@)?)\S+/gi
const userInfo = /\b([a-z][a-z\d+.-]*:\/\/)[^\s/@'"]+@/gi
const query = /\b([a-z][a-z\d+.-]*:\/\/[^\s?#'"]*[?#])[^\s'"]+/gi
