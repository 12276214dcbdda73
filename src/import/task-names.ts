import { maxNameChars } from '../tasks/file/limits.ts'

/**
 * Returns a function that names tasks after the program that their command runs. Every name is
 * different: `backup`, then `backup-2`.
 */
export function newTaskNames(): (command: string | readonly string[]) => string {
  const taken = new Set<string>()
  const counts = new Map<string, number>()
  return (command) => {
    const base = nameOf(command)
    for (;;) {
      const count = (counts.get(base) ?? 0) + 1
      counts.set(base, count)
      const name = count === 1 ? base : `${base}-${count}`
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
}

/** A longer name is cut: names are shown in tables. */
const maxImportedNameChars = 48

function nameOf(command: string | readonly string[]): string {
  const name = programOf(command)
    .replaceAll(/[^A-Za-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, Math.min(maxImportedNameChars, maxNameChars))
    .replace(/[-_]+$/, '')
  return name === '' ? 'task' : name
}

/** What a command is really about, in a word or two: not `sudo` or `cd`, but what comes after it. */
function programOf(command: string | readonly string[]): string {
  return typeof command === 'string' ? ofLine(command, 0) : ofWords(command, 0)
}

/** Only the beginning of a command line is searched for a name. */
const maxSearchedChars = 2000
/** Commands inside commands, as in `sh -c "sh -c ..."`. */
const maxDepth = 5

function ofLine(text: string, depth: number): string {
  let last = ''
  for (const words of shellCommands(text.slice(0, maxSearchedChars))) {
    const [program, option = ''] = withoutPrefixes(words)
    if (program === undefined) continue
    const base = baseName(program)
    const prepares = preparing.has(base) || (base === 'command' && /^-v$/i.test(option))
    if (!prepares) return ofWords(words, depth)
    if (/\w/.test(base)) last = base
  }
  return last
}

function ofWords(words: readonly string[], depth: number): string {
  const [program = '', ...args] = withoutPrefixes(words)
  const base = baseName(program)
  if (depth > maxDepth) return base
  if (shells.test(base)) return ofShell(base, args, depth)
  if (Object.hasOwn(wrappers, base)) return ofWrapped(base, args, depth)
  if (base === 'run-parts') return baseName(afterOptions(args, '')[0] ?? base)

  const interpreter = interpreters.find(({ name }) => name.test(base))
  if (interpreter !== undefined) {
    const [script, ...more] = afterOptions(args, interpreter.values)
    const options = args.slice(0, args.indexOf(script ?? ''))
    const isInline = options.some((option) => endsIn(option, interpreter.code))
    return script === undefined || isInline ? base : withSubcommand(stem(script), more)
  }
  const host = args.map((arg) => /^https?:\/\/(?:www\.)?([^/:?]+)/.exec(arg)?.[1]).find(Boolean)
  if (host !== undefined && /^(?:curl|wget|lynx)$/.test(base)) return `${base} ${host}`
  return withSubcommand(stem(program), args)
}

function ofShell(base: string, args: readonly string[], depth: number): string {
  const inline = args.findIndex((arg) => endsIn(arg, 'c'))
  if (inline !== -1) return ofLine(args[inline + 1] ?? '', depth + 1) || base
  const [script] = afterOptions(args, 'oO')
  return script === undefined ? base : stem(script)
}

function ofWrapped(base: string, args: readonly string[], depth: number): string {
  const { values = '', operands = 0 } = wrappers[base] ?? {}
  const inner = withoutPrefixes(afterOptions(args, values).slice(operands))
  // `flock FILE -c LINE`, `su - USER -c LINE`, `runuser -l USER -c LINE`
  const inline = args.indexOf('-c')
  if (inline !== -1 && (inner[0] === '-c' || /^(?:su|runuser)$/.test(base)))
    return ofLine(args[inline + 1] ?? '', depth + 1) || base
  return inner.length === 0 ? base : ofWords(inner, depth + 1)
}

/** Drops assignments, shell keywords and redirections at the beginning. */
function withoutPrefixes(words: readonly string[]): readonly string[] {
  const prefix = /^(?:[A-Za-z_]\w*=.*|!|\{|if|then|elif|else|while|until|do|\d*[<>].*)$/s
  const start = words.findIndex(
    (word, at) => !prefix.test(word) && !/^\d*[<>]+$/.test(words[at - 1] ?? ''),
  )
  return start === -1 ? [] : words.slice(start)
}

/** The words after the options. `values` are the letters of options that take the next word as value. */
function afterOptions(args: readonly string[], values: string): readonly string[] {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') return args.slice(at + 1)
    if (!arg.startsWith('-')) return args.slice(at)
    if (endsIn(arg, values)) at++
  }
  return []
}

/** True for an option, or several in one word, whose last letter is one of these. */
function endsIn(arg: string, letters: string): boolean {
  return /^-[A-Za-z]+$/.test(arg) && letters.includes(arg.slice(-1))
}

/** Adds the subcommand: `artisan schedule:run`. */
function withSubcommand(program: string, args: readonly string[]): string {
  if (!withSubcommands.has(program)) return program
  const parts = args.filter((arg) => /^[a-z][\w:-]*$/i.test(arg))
  const count = /^(?:run|exec|compose)$/.test(parts[0] ?? '') ? 2 : 1
  return [program, ...parts.slice(0, count)].join(' ')
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//s, '')
}

/** The name of a file without the ending for its language. */
function stem(path: string): string {
  const ending = /(?<=.)\.(?:sh|bash|php\d?|phar|py|pl|rb|[cm]?js|ts|jar|lua|r)$/i
  return baseName(path).replace(ending, '')
}

/**
 * The simple commands of a shell command line, each as a list of words without quotes. Good enough to
 * find names: substitutions stay as written, and here-documents are not recognised.
 */
function shellCommands(text: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word)
    word = undefined
  }
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + maxPartChars)
    const [part, kind] = partOf(rest)
    at += part.length
    if (kind === 'text') word = (word ?? '') + unquoted(part)
    else endWord()
    if (kind === 'operator') commands.push([])
  }
  endWord()
  return commands.filter((words) => words.length > 0)
}

/** No quoted text in a real command is longer. */
const maxPartChars = 1000

const shellParts: readonly (readonly [RegExp, 'text' | 'blank' | 'operator'])[] = [
  [/^[ \t]+/, 'blank'],
  [/^(?:'[^']*'|"(?:\\[^]|[^"\\])*")/, 'text'],
  // Substitutions (with one level of parentheses inside) and redirections are not operators.
  [/^(?:\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$?\{[^}\s]*\})/, 'text'],
  [/^\d*(?:&>>?|[<>]+(?:&[\d-]*)?)/, 'text'],
  [/^(?:[;&|\n]+|[(){}](?=[\s;]|$)|[()])/, 'operator'],
  [/^(?:\\[^]|[^\s'"`;&|<>()\\$]+|[^])/, 'text'],
]

function partOf(rest: string): readonly [string, 'text' | 'blank' | 'operator'] {
  for (const [pattern, kind] of shellParts) {
    const found = pattern.exec(rest)
    if (found !== null) return [found[0], kind]
  }
  return [rest, 'text']
}

function unquoted(part: string): string {
  if (/^'.*'$/s.test(part) && part.length > 1) return part.slice(1, -1)
  if (/^".*"$/s.test(part) && part.length > 1) return part.slice(1, -1).replaceAll(/\\([^])/g, '$1')
  return part.startsWith('\\') ? part.slice(1) : part
}

/*
 * These tables only serve to find good names. A program that is missing here makes a name less clear,
 * but never wrong.
 */

/** Commands that only prepare another one. */
const preparing = setOf(`[ [[ test cd pushd popd : true false sleep export set unset umask
  ulimit trap . source echo printf date mkdir touch exit wait read local case for in
  done fi esac continue break return eval kill ssh-add which hash type`)

/**
 * Programs that run another command. `values` are the letters of options that take the next word as
 * value, `operands` is the number of words before the command.
 */
const wrappers: Readonly<Record<string, { values?: string; operands?: number }>> = {
  sudo: { values: 'ughpCrtDRT' },
  doas: { values: 'uC' },
  su: { values: 'sg', operands: 1 },
  runuser: { values: 'usgG' },
  setpriv: {},
  nice: { values: 'n' },
  ionice: { values: 'cnp' },
  chrt: { operands: 1 },
  taskset: { operands: 1 },
  flock: { values: 'wE', operands: 1 },
  setlock: { operands: 1 },
  timeout: { values: 'sk', operands: 1 },
  env: { values: 'uC' },
  chronic: {},
  cronic: {},
  time: { values: 'fo' },
  nohup: {},
  setsid: {},
  exec: { values: 'a' },
  command: {},
  stdbuf: { values: 'ioe' },
  unbuffer: {},
  'run-one': {},
  'systemd-cat': { values: 'tp' },
  'systemd-run': { values: 'upMHE' },
  cpulimit: { values: 'lpe' },
  'xvfb-run': { values: 'sne' },
  bundle: { operands: 1 },
  npx: {},
}

const shells = /^(?:a|ba|da|k|mk|z|c|tc|fi)?sh$/

/** Programs that run a script, or code that is given as an option. */
const interpreters: readonly { name: RegExp; values: string; code: string }[] = [
  { name: /^php[\d.]*$/, values: 'dc', code: 'r' },
  { name: /^(?:python|pypy)[\d.]*$/, values: 'WX', code: 'c' },
  { name: /^(?:node|nodejs|tsx|bun)$/, values: 'r', code: 'ep' },
  { name: /^perl[\d.]*$/, values: 'I', code: 'eE' },
  { name: /^ruby[\d.]*$/, values: 'I', code: 'e' },
  { name: /^java$/, values: 'p', code: '' },
  { name: /^(?:Rscript|lua)$/, values: '', code: 'e' },
]

/** Programs whose next word says what they do. */
const withSubcommands =
  setOf(`artisan console magento manage rake wp drush occ git svn docker podman
  docker-compose systemctl service npm yarn pnpm composer certbot borg restic rclone rsnapshot aws
  gcloud kubectl apt-get apt snap zfs zpool rails`)

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}
