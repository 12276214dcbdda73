import { Composer, CST, Lexer, Parser } from 'yaml'
import type { Document, ParsedNode, YAMLError } from 'yaml'
import { messageOf } from '../../errors.ts'
import { maxDepth, maxListChars, maxYamlProblems } from './limits.ts'
import type { OffsetProblem } from './problem.ts'

export interface YamlText {
  /** null for a file without content; undefined if the text is too broken to make sense of. */
  readonly root: ParsedNode | null | undefined
  readonly problems: readonly OffsetProblem[]
}

/** Reads one YAML 1.2 document. Time and memory are proportional to the text. Never throws. */
export function readYaml(text: string): YamlText {
  // A file of blank lines and comments has no content, but would give millions of tokens.
  if (!/^[ \t]*[^ \t\r\n#]/m.test(text)) return { root: null, problems: [] }
  const composed = compose(text)
  if ('offset' in composed) return { root: undefined, problems: [composed] }

  const [first, second] = composed
  if (first === undefined) return { root: null, problems: [] }
  const found = [...first.errors, ...first.warnings]
  const problems = found.map((error) => problemOf(error, text))
  if (second !== undefined) {
    const offset = second.contents?.range[0] ?? second.range[0]
    problems.push(syntaxProblem(offset, 'expected one YAML document; got a second one'))
  }
  if (first.directives.yaml.version !== '1.2') {
    problems.push(syntaxProblem(0, `expected YAML 1.2; got ${first.directives.yaml.version}`))
  }
  const isBroken = second !== undefined || !found.every(isLocal)
  return { root: isBroken ? undefined : first.contents, problems }
}

function compose(text: string): Document.Parsed[] | OffsetProblem {
  try {
    return composeWithinLimits(text)
  } catch (error) {
    // No text is known that makes the package throw. If there is one, it must not end a daemon.
    return syntaxProblem(0, `not valid YAML: ${messageOf(error)}`)
  }
}

/**
 * Does what parseDocument() of the package does, and limits the depth. The package does not, and if
 * the stack is nearly used up, V8 does not throw: the compiler of a RegExp aborts the process.
 */
function composeWithinLimits(text: string): Document.Parsed[] | OffsetProblem {
  const parser = new Parser()
  // The package's own check for duplicate keys is quadratic. anchors.ts checks them instead.
  const composer = new Composer({ uniqueKeys: false, resolveKnownTags: false, customTags })
  const documents: Document.Parsed[] = []
  let errors = 0
  for (const lexeme of new Lexer().lex(text)) {
    // A bracket that is not closed becomes an error only when the document is composed.
    if (lexeme === CST.FLOW_END) errors += 1
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') errors += 1
      documents.push(...composer.next(token))
    }
    // The file is already bad enough to refuse it. The rest would only take time.
    if (errors > maxYamlProblems || documents.length > 0) break
    if (parser.offset > maxListChars && isList(parser.stack[1])) {
      return syntaxProblem(0, 'expected a map with the key "tasks"; got a list')
    }
    if (parser.stack.length > maxDepth) {
      const message = `expected at most ${maxDepth} levels of nested maps and lists`
      return syntaxProblem(parser.offset, message)
    }
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end(true, text.length))
  return documents
}

/** The content of the document. Reading a list of 10 MB on one line takes 30 s and gigabytes. */
function isList(token: CST.Token | undefined): boolean {
  if (token?.type === 'flow-collection') return token.start.type === 'flow-seq-start'
  return token?.type === 'block-seq'
}

/** Keeps 0o22 as text: only umask can mean it, and umask reads the digits itself. */
function customTags<T>(tags: T[]): T[] {
  return tags.filter((tag) => !isOctal(tag))
}

function isOctal(tag: unknown): boolean {
  return typeof tag === 'object' && tag !== null && 'format' in tag && tag.format === 'OCT'
}

/** Errors that spoil one value only. The rest of the file keeps its meaning and can be checked. */
const localCodes = new Set(['BAD_ALIAS', 'BAD_DQ_ESCAPE', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED'])

function isLocal(error: YAMLError): boolean {
  // A schedule without quotes: `*/10` is read as an alias, and what follows it is not expected.
  return localCodes.has(error.code) || error.message === 'Unexpected alias at node end'
}

function problemOf(error: YAMLError, text: string): OffsetProblem {
  const [offset] = error.pos
  const char = text.charAt(offset)
  return syntaxProblem(offset, `not valid YAML: ${error.message}`, hintFor(error, char))
}

function syntaxProblem(offset: number, message: string, hint: string | null = null): OffsetProblem {
  return { path: [], offset, message, hint, isSyntax: true }
}

function hintFor({ code, message }: YAMLError, char: string): string | null {
  if (/[*&!@`%]/.test(char)) return `text that begins with ${char} needs quotes`
  if (code === 'BLOCK_IN_FLOW') return 'is a comma or a bracket missing before it?'
  if (message.startsWith('All mapping items')) return 'indent all keys of a map equally'
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'text that contains a colon and a space needs quotes'
  return null
}
