import { Composer, Lexer, Parser } from 'yaml'
import type { CST, Document, ParsedNode, YAMLError } from 'yaml'
import { messageOf } from '../../errors.ts'
import { firstHeadChars, maxDepth, maxYamlProblems } from './limits.ts'
import type { Fault } from './fault.ts'

export interface YamlText {
  /** null for a file without content; undefined where the text is too broken to make sense of. */
  readonly root: ParsedNode | null | undefined
  readonly faults: readonly Fault[]
}

/** Reads one YAML 1.2 document. Takes time and memory in proportion to the text; never throws. */
export function readYaml(text: string): YamlText {
  // Ten million blank lines (or comments) are as many tokens, and nothing comes of them.
  if (!/^[ \t]*[^ \t\r\n#]/m.test(text)) return { root: null, faults: [] }
  const composed = compose(text)
  if ('offset' in composed) return { root: undefined, faults: [composed] }

  const [first, second] = composed
  if (first === undefined) return { root: null, faults: [] }
  const found = [...first.errors, ...first.warnings]
  const faults = found.map((error) => faultOf(error, text))
  if (second !== undefined) {
    const offset = second.contents?.range[0] ?? second.range[0]
    faults.push(syntaxFault(offset, 'expected one YAML document; got a second one'))
  }
  if (first.directives.yaml.version !== '1.2') {
    faults.push(syntaxFault(0, `expected YAML 1.2; got ${first.directives.yaml.version}`))
  }
  const broken = second !== undefined || !found.every(isLocal)
  return { root: broken ? undefined : first.contents, faults }
}

function compose(text: string): Document.Parsed[] | Fault {
  try {
    return composeWithin(text)
  } catch (error) {
    // No text is known that makes the package throw; if there is one, it must not end a daemon.
    return syntaxFault(0, `not valid YAML: ${messageOf(error)}`)
  }
}

/**
 * As parseDocument() of the package does, but watching the depth: it checks none, and with a stack
 * that is nearly used up V8 does not throw but aborts the process, in the compiler of a RegExp.
 */
function composeWithin(text: string): Document.Parsed[] | Fault {
  const parser = new Parser()
  // Its own check for unique keys is quadratic: see anchors.ts.
  const composer = new Composer({ uniqueKeys: false, resolveKnownTags: false, customTags })
  const documents: Document.Parsed[] = []
  let errors = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') errors += 1
      documents.push(...composer.next(token))
    }
    // Enough to refuse it, for errors or a second document: the rest would only take time.
    if (errors > maxYamlProblems || documents.length > 0) break
    if (parser.offset > firstHeadChars && isList(parser.stack[1])) {
      return syntaxFault(0, 'expected a map with the key "tasks"; got a list')
    }
    if (parser.stack.length > maxDepth) {
      const message = `expected at most ${maxDepth} levels of maps and lists within each other`
      return syntaxFault(parser.offset, message)
    }
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end(true, text.length))
  return documents
}

/** What is within the document: a long list on one line takes half a minute, and gigabytes. */
function isList(token: CST.Token | undefined): boolean {
  if (token?.type === 'flow-collection') return token.start.type === 'flow-seq-start'
  return token?.type === 'block-seq'
}

/** 0o22 stays text: the one key for which it means something, umask, reads the digits itself. */
function customTags<T>(tags: T[]): T[] {
  return tags.filter((tag) => !isOctal(tag))
}

function isOctal(tag: unknown): boolean {
  return typeof tag === 'object' && tag !== null && 'format' in tag && tag.format === 'OCT'
}

/** Faults of a single value: the rest of the file still means what it says, and can be checked. */
const localCodes = new Set(['BAD_ALIAS', 'BAD_DQ_ESCAPE', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED'])

function isLocal(error: YAMLError): boolean {
  // What is left of a schedule without quotes: `*/10` is taken for an alias, what follows is extra.
  return localCodes.has(error.code) || error.message === 'Unexpected alias at node end'
}

function faultOf(error: YAMLError, text: string): Fault {
  const [offset] = error.pos
  const char = text.charAt(offset)
  return syntaxFault(offset, `not valid YAML: ${error.message}`, hintFor(error.code, char))
}

function syntaxFault(offset: number, message: string, hint: string | null = null): Fault {
  return { path: [], offset, message, hint, syntax: true }
}

function hintFor(code: string, char: string): string | null {
  if (/[*&!@`%]/.test(char)) return `text that begins with ${char} needs quotes`
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'text with a colon and a blank in it needs quotes'
  return null
}
