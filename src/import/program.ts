import { interpreters, minor, severalInOne, shells, wrappers } from './programs.ts'
import { shellCommands } from './shell-words.ts'

/** What a line of shell, or a list of words, is there to run: a few words to make a name of. */
export function programOf(command: string | readonly string[]): string {
  return typeof command === 'string' ? ofLine(command, 0) : ofWords(command, 0)
}

/** Longer beginnings of a line are not looked at. */
const maxChars = 2000
/** `sh -c "sh -c ..."` */
const maxDepth = 5

function ofLine(text: string, depth: number): string {
  let last = ''
  for (const words of shellCommands(text.slice(0, maxChars))) {
    const [program, option = ''] = withoutPrefixes(words)
    if (program === undefined) continue
    const base = baseName(program)
    const prepares = minor.has(base) || (base === 'command' && /^-v$/i.test(option))
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
  if (base === 'run-parts') return baseName(behindOptions(args, '')[0] ?? base)

  const interpreter = interpreters.find(({ name }) => name.test(base))
  if (interpreter !== undefined) {
    const [script, ...more] = behindOptions(args, interpreter.values)
    const options = args.slice(0, args.indexOf(script ?? ''))
    const isInline = options.some((option) => endsIn(option, interpreter.code))
    return script === undefined || isInline ? base : withPart(stem(script), more)
  }
  const host = args.map((arg) => /^https?:\/\/(?:www\.)?([^/:?]+)/.exec(arg)?.[1]).find(Boolean)
  if (host !== undefined && /^(?:curl|wget|lynx)$/.test(base)) return `${base} ${host}`
  return withPart(stem(program), args)
}

function ofShell(base: string, args: readonly string[], depth: number): string {
  const inline = args.findIndex((arg) => endsIn(arg, 'c'))
  if (inline !== -1) return ofLine(args[inline + 1] ?? '', depth + 1) || base
  const [script] = behindOptions(args, 'oO')
  return script === undefined ? base : stem(script)
}

function ofWrapped(base: string, args: readonly string[], depth: number): string {
  const { values = '', operands = 0 } = wrappers[base] ?? {}
  const inner = withoutPrefixes(behindOptions(args, values).slice(operands))
  // `flock FILE -c LINE`, `su - USER -c LINE`, `runuser -l USER -c LINE`
  const inline = args.indexOf('-c')
  if (inline !== -1 && (inner[0] === '-c' || /^(?:su|runuser)$/.test(base)))
    return ofLine(args[inline + 1] ?? '', depth + 1) || base
  return inner.length === 0 ? base : ofWords(inner, depth + 1)
}

/** Without assignments, words of shell grammar, and redirections. */
function withoutPrefixes(words: readonly string[]): readonly string[] {
  const prefix = /^(?:[A-Za-z_]\w*=.*|!|\{|if|then|elif|else|while|until|do|\d*[<>].*)$/s
  const start = words.findIndex(
    (word, at) => !prefix.test(word) && !/^\d*[<>]+$/.test(words[at - 1] ?? ''),
  )
  return start === -1 ? [] : words.slice(start)
}

/** What follows the options; `values` are the letters of those whose value is a word of its own. */
function behindOptions(args: readonly string[], values: string): readonly string[] {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') return args.slice(at + 1)
    if (!arg.startsWith('-')) return args.slice(at)
    if (endsIn(arg, values)) at++
  }
  return []
}

/** Is it an option, or several in one word, of which the last is one of these letters? */
function endsIn(arg: string, letters: string): boolean {
  return /^-[A-Za-z]+$/.test(arg) && letters.includes(arg.slice(-1))
}

/** `php artisan schedule:run`: of a program that does many things, which one. */
function withPart(program: string, args: readonly string[]): string {
  if (!severalInOne.has(program)) return program
  const parts = args.filter((arg) => /^[a-z][\w:-]*$/i.test(arg))
  const count = /^(?:run|exec|compose)$/.test(parts[0] ?? '') ? 2 : 1
  return [program, ...parts.slice(0, count)].join(' ')
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//s, '')
}

/** The name of a file without what only tells its language. */
function stem(path: string): string {
  const ending = /(?<=.)\.(?:sh|bash|php\d?|phar|py|pl|rb|[cm]?js|ts|jar|lua|r)$/i
  return baseName(path).replace(ending, '')
}
