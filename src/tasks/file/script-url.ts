import { showValue } from './expected.ts'
import { maxUrlChars } from './limits.ts'

type ParsedUrl =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly message: string; readonly hint: string | null }

/** Reads a whole URL of a script. Its parts go into logs and requests, so it must be plain. */
export function parseUrl(text: string): ParsedUrl {
  const wrong = (message: string, hint: string | null = null): ParsedUrl => {
    return { ok: false, message, hint }
  }
  if (text.length > maxUrlChars) return wrong(`expected a URL of at most ${maxUrlChars} characters`)
  if (!/^https?:/i.test(text))
    return wrong(
      `expected an https URL; got ${showValue(text)}`,
      'torch fetches scripts by https only; to run a file of the machine, write its path in command',
    )
  // oxlint-disable-next-line no-control-regex
  const isPlain = /^[^\s\\\0-\x20\x7f]+$/.test(text) && URL.canParse(text)
  if (!isPlain) return wrong(`expected a URL; got ${showValue(text)}`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return wrong(
      'expected a URL without a user name and password',
      'a URL is shown and logged; write an Authorization line into a headers_file',
    )
  if (text.includes('#'))
    return wrong('expected a URL without "#": a server does not get that part')
  return { ok: true, url }
}

/** Whether a text is the URL of a source: with one `%s` behind its host. */
export function isSourceUrl(text: string): boolean {
  if (text.split('%s').length !== 2) return false
  const [one, other] = ['x', 'y'].map((part) => parseUrl(text.replace('%s', part)))
  return one?.ok === true && other?.ok === true && one.url.host === other.url.host
}
