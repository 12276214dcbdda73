import type { Task, TaskScript } from '../task.ts'
import { showValue } from './expected.ts'
import type { KeyPath } from './key-path.ts'
import type { TaskInput } from './schema.ts'
import { parseUrl } from './script-url.ts'
import { resolveFile, type TasksFacts } from './settings.ts'
import type { Source } from './source.ts'

/** The `sources` of a file by name; undefined: its URL is wrong, and that is reported. */
export type Sources = ReadonlyMap<string, string | undefined>

type ScriptInput = NonNullable<TaskInput['script']>

/**
 * Reads the `script` of the task at a path, and reports what is wrong with it; undefined if it cannot be
 * used.
 */
export function readScript(
  source: Source,
  taskPath: KeyPath,
  input: ScriptInput | undefined,
  { sources, folder }: { readonly sources: Sources | 'unclear'; readonly folder: string },
): TaskScript | undefined {
  if (input === undefined) return undefined
  const path = [...taskPath, 'script']
  const { sha256, headers_file: headersFile } = input
  const found = urlOf(source, urlPath(source, path), input, sources)
  if (found === undefined) return undefined
  warnAboutUpdates(source, path, input)
  return {
    ...found,
    sha256,
    update: input.update ?? 'never',
    timeoutMs: input.timeout ?? defaultTimeoutMs,
    maxBytes: input.max_size ?? defaultMaxBytes,
    headersFile:
      headersFile === undefined
        ? undefined
        : resolveFile(source, [...path, 'headers_file'], headersFile, folder),
  }
}

/** Only a warning: the file may be right on the machines that run the task. */
export function warnAboutHeaders(
  source: Source,
  taskPath: KeyPath,
  script: TaskScript | undefined,
  { whyNoHeaders }: Pick<TasksFacts, 'whyNoHeaders'>,
): void {
  const why = script?.headersFile === undefined ? undefined : whyNoHeaders(script.headersFile)
  if (why === undefined) return
  const message = `cannot be used on this machine: ${why}`
  source.report([...taskPath, 'script', 'headers_file'], message, { severity: 'warning' })
}

/** Reports a command that uses the path of a script in a task without one, or does not use it in a task with one. */
export function warnAboutScriptVariable(
  source: Source,
  taskPath: KeyPath,
  { command, script }: Pick<Task, 'command' | 'script'>,
): void {
  const path = [...taskPath, 'command']
  const words = command === undefined ? [] : [command].flat()
  if (script !== undefined) {
    if (words.length === 0 || words.some((word) => word.includes('TORCH_SCRIPT'))) return
    const message =
      'script-unused: the command does not use TORCH_SCRIPT, so the script does not run'
    const hint = 'write sh "$TORCH_SCRIPT"; or remove command, and torch runs the script itself'
    source.report(path, message, { hint, severity: 'warning' })
  } else if (!source.has([...taskPath, 'script'])) {
    if (!words.some((word) => /\$\{?TORCH_SCRIPT\b/.test(word))) return
    const message = 'TORCH_SCRIPT is not set: the task has no script'
    source.report(path, message, { severity: 'warning' })
  }
}

const defaultTimeoutMs = 30_000
const defaultMaxBytes = 10_000_000

/** In the short form the script is the URL. */
function urlPath(source: Source, path: KeyPath): KeyPath {
  const inner = [...path, 'url']
  return source.has(inner) ? inner : path
}

function warnAboutUpdates(source: Source, path: KeyPath, { sha256, update }: ScriptInput): void {
  if (sha256 !== undefined && update !== undefined) {
    const message = 'has no effect: with sha256, the script never changes'
    source.report([...path, 'update'], message, { severity: 'warning' })
  }
  if (sha256 === undefined && update === undefined) {
    const message = 'unpinned: each machine keeps the version that it fetched first'
    const hint =
      'set sha256 (torch scripts shows it) or update: 1h; if each may keep its own, set update: never'
    source.report(path, message, { hint, severity: 'warning' })
  }
}

function urlOf(
  source: Source,
  path: KeyPath,
  { url, sha256 }: ScriptInput,
  sources: Sources | 'unclear',
): Pick<TaskScript, 'url' | 'source'> | undefined {
  const isUrl = /^[a-z][\w+.-]*:\/\//i.test(url)
  const whole = isUrl ? url : urlInSource(source, path, url, sources)
  if (whole === undefined) return undefined
  const parsed = parseUrl(whole)
  if (!parsed.ok) {
    source.report(path, parsed.message, { hint: parsed.hint })
    return undefined
  }
  if (parsed.url.protocol === 'http:' && sha256 === undefined) {
    const message = 'http is not safe without sha256: anybody on the way can change the script'
    source.report(path, message, { hint: 'use https, or set sha256' })
    return undefined
  }
  return { url: parsed.url.href, source: isUrl ? undefined : url }
}

/** The URL of `ops:bin/report`. */
function urlInSource(
  source: Source,
  path: KeyPath,
  written: string,
  sources: Sources | 'unclear',
): string | undefined {
  const [, name, file = ''] = /^([\w.-]+):(.*)$/s.exec(written) ?? []
  if (name === undefined) {
    const message = `expected a URL, or a path within a source such as ops:bin/report; got ${showValue(written)}`
    source.report(path, message, { hint: hintForPlain(written, sources) })
    return undefined
  }
  if (sources === 'unclear') return undefined
  if (!sources.has(name)) {
    const hint =
      source.guess(name, [...sources.keys()]) ??
      `name it at the top of the file: sources: { ${name}: "https://git.example.com/%s" }`
    source.report(path, `unknown source ${JSON.stringify(name)}`, { hint })
    return undefined
  }
  if (!isSourcePath(file)) {
    const message = `expected a path of letters, digits, ".", "_", "-" and "/", without ".." and empty parts; got ${showValue(file)}`
    source.report(path, message, { hint: pathHint(name, file) })
    return undefined
  }
  return sources.get(name)?.replace('%s', () => file)
}

function isSourcePath(file: string): boolean {
  return /^[\w./-]+$/.test(file) && file.split('/').every((part) => !/^\.{0,2}$/.test(part))
}

/** The same path without what is too much in it. */
function pathHint(name: string, file: string): string | null {
  const parts = file.split('/').filter((part) => part !== '' && part !== '.')
  const better = parts.join('/')
  return isSourcePath(better) ? `did you mean "${name}:${better}"?` : null
}

function hintForPlain(written: string, sources: Sources | 'unclear'): string {
  if (/\s/.test(written)) return 'write what the shell runs in command'
  const names = sources === 'unclear' ? [] : [...sources.keys()]
  const [only] = names
  if (names.length === 1 && only !== undefined && isSourcePath(written))
    return `did you mean "${only}:${written}"?`
  return 'to run a file of the machine, write its path in command'
}
