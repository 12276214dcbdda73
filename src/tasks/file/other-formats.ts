import { isMap } from './key-path.ts'

/** A file of another program that was given as a tasks file. */
interface OtherFormat {
  /** `a crontab` */
  readonly what: string
  readonly hint: string
}

const writeTasks = 'write its jobs as tasks; torch schema describes the keys'

/** What a text is, if it is no YAML that a tasks file could be; undefined if nothing is certain. */
export function otherFormatOf(text: string, file: string): OtherFormat | undefined {
  const lines = text.split('\n', maxLines).map((line) => line.trim())
  const content = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (
    content.every((line) => entry.test(line) || variable.test(line)) &&
    content.some((line) => entry.test(line))
  )
    return { what: 'a crontab', hint: `torch import crontab ${file} > new.yaml` }
  const [first = ''] = content
  if (/^\[(?:Unit|Timer|Service|Install)\]$/.test(first))
    return { what: 'a unit of systemd', hint: writeTasks }
  if (/^\[(?:program:.+|supervisord)\]$/.test(first))
    return { what: 'a configuration of supervisor', hint: writeTasks }
  return undefined
}

/** Enough to know a crontab. */
const maxLines = 200

/** Five fields or a nickname, and a command: not more than YAML can be mistaken for. */
const entry =
  /^(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|-?[\d*][\d*,/~-]*(?:[ \t]+[\w*][\w*,/~-]*){4})[ \t]+[^ \t]/
const variable = /^[A-Za-z_]\w*[ \t]*=/

/** What a value is, if it is of another program; undefined if nothing is certain. */
export function otherFormatIn(value: unknown, file: string): OtherFormat | undefined {
  const [first] = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (isMap(first)) return listFormat(first, file)
  if (!isMap(value) || 'tasks' in value) return undefined
  if (isMap(value['services'])) return { what: 'a compose file', hint: writeTasks }
  if ('apiVersion' in value && 'kind' in value)
    return { what: 'a manifest of Kubernetes', hint: writeTasks }
  if ('on' in value && isMap(value['jobs']))
    return { what: 'a workflow of GitHub', hint: writeTasks }
  return undefined
}

function listFormat(first: Record<string, unknown>, file: string): OtherFormat | undefined {
  if ('Command' in first || 'Script' in first)
    return { what: 'a file of gotorch', hint: `torch import gotorch ${file} > new.yaml` }
  const keys = Object.keys(first)
  if (keys.includes('hosts') && (keys.includes('tasks') || keys.includes('roles')))
    return { what: 'a playbook of Ansible', hint: writeTasks }
  return undefined
}
