import { createHash, timingSafeEqual } from 'node:crypto'
import { plainLine } from '../text/sanitize.ts'

/** Who may come in: checked before anything else is done for a request. */
export interface AccessRules {
  /** undefined on a Unix socket: whoever may open its file may come in. */
  readonly token: string | undefined
  /** Each opens the page once, in place of the token. */
  readonly once: Set<string>
  /** The names in the Host header that are ours, in lower case; undefined on a Unix socket. */
  readonly hostNames: readonly string[] | undefined
  /** The connection is encrypted by this server. */
  readonly isSecure: boolean
}

/** What a request says about its sender. */
export interface Caller {
  /** The address of the client; undefined on a Unix socket, and if the client is gone already. */
  readonly address: string | undefined
  /** Our own address of its connection. */
  readonly localAddress: string | undefined
  header(name: string): string | undefined
}

/** An address that sends more wrong tokens than this within the time only hears that it must wait. */
const maxWrongTokens = 10
const wrongTokensMs = 60_000
/** Of more addresses than this, the oldest are forgotten. */
const maxAddresses = 1_000

/** How long a browser keeps the cookie. */
const cookieSeconds = 30 * 86_400

/**
 * Compares tokens and counts wrong ones. A right token always comes in, even from an address that has sent
 * wrong ones: behind an ssh tunnel all clients have the same address, and nobody guesses 256 bits.
 */
export function newTokenGate(token: string, now: () => number) {
  const expected = digest(token)
  const wrong = new Map<string, { count: number; readonly sinceMs: number }>()
  return {
    /** `wait`: the address has sent too many wrong tokens. No token at all is no guess. */
    judge(given: string | undefined, address: string): 'right' | 'none' | 'wrong' | 'wait' {
      // Digests have the same length, and so no comparison takes longer than another one.
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return 'right'
      if (given === undefined) return 'none'
      const found = wrong.get(address)
      const isRecent = found !== undefined && now() - found.sinceMs < wrongTokensMs
      if (isRecent && found.count >= maxWrongTokens) return 'wait'
      if (isRecent) found.count += 1
      else {
        wrong.delete(address)
        wrong.set(address, { count: 1, sinceMs: now() })
        const [oldest] = wrong.keys()
        if (wrong.size > maxAddresses && oldest !== undefined) wrong.delete(oldest)
      }
      return 'wrong'
    },
    /** How long an address must wait, in whole seconds. */
    retryAfterSeconds(address: string): number {
      const sinceMs = wrong.get(address)?.sinceMs ?? now()
      return Math.max(Math.ceil((sinceMs + wrongTokensMs - now()) / 1000), 1)
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * The name of the cookie. Cookies do not know ports, so two servers of one machine need two names. It
 * shows a part of a digest, from which nobody learns the token.
 */
function cookieName(token: string): string {
  return `torch-${digest(`cookie ${token}`).toString('hex').slice(0, 8)}`
}

export function cookieFor(token: string, isSecure: boolean): string {
  const flags = `Path=/; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Strict`
  return `${cookieName(token)}=${token}; ${flags}${isSecure ? '; Secure' : ''}`
}

/** The token of `Authorization: Bearer`, else the token of the cookie. */
export function givenToken(caller: Caller, token: string): string | undefined {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(caller.header('authorization') ?? '') ?? []
  if (bearer !== undefined) return bearer
  const name = cookieName(token)
  const pairs = (caller.header('cookie') ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/**
 * Whether the Host header names this server. A page of another site can make its own name resolve to
 * 127.0.0.1 and so read our answers (DNS rebinding), but then its name stands in this header.
 */
export function isOurHost({ hostNames }: AccessRules, caller: Caller): boolean {
  if (hostNames === undefined) return true
  const name = hostOf(caller.header('host') ?? '')
  return name !== '' && (hostNames.includes(name) || name === plainAddress(caller.localAddress))
}

/** The host without its port: `[::1]:8181` is `::1`. */
function hostOf(header: string): string {
  const [, six, other] = /^(?:\[([\da-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header) ?? []
  return (six ?? other ?? '').toLowerCase()
}

/** An IPv4 client of a server of both families has the address `::ffff:10.0.1.5`. */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=[\d.]+$)/, '')
}

/**
 * Why a POST is refused; undefined if it is not. A page of another site can send one with our cookie or
 * from this machine, but neither with this header, nor with an Origin that is ours.
 */
export function refusedPost(caller: Caller): string | undefined {
  if (caller.header('x-torch') !== '1') return 'a POST needs the header X-Torch: 1'
  const site = caller.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'a POST from another site'
  const origin = caller.header('origin')
  if (origin === undefined) return undefined
  const [, host] = /^https?:\/\/([^/]+)$/.exec(origin) ?? []
  const isOurs = host !== undefined && host.toLowerCase() === caller.header('host')?.toLowerCase()
  return isOurs ? undefined : 'a POST from another origin'
}

/** The most characters of a name or an address that another web server sends. */
const maxPersonChars = 100

/**
 * Who acts, for the log of the daemon. On a Unix socket the client is another web server, which says for whom it
 * asks: its headers name the person (`X-Remote-User`, else `X-Forwarded-User`) and the address. Over TCP anybody
 * could send these headers, so they do not count there.
 */
export function whoActs(caller: Caller, { token }: AccessRules): string {
  const isUnixSocket = token === undefined
  if (!isUnixSocket) return caller.address ?? 'a client that is gone'
  const said = (name: string): string | undefined => {
    const text = plainLine(caller.header(name)?.trim() ?? '')
    // Two headers of one name arrive with a comma between: one of them may be of the browser.
    if (text === '' || text.includes(',')) return undefined
    const short = [...text].slice(0, maxPersonChars).join('')
    return short.includes(' ') ? JSON.stringify(short) : short
  }
  const user = said('x-remote-user') ?? said('x-forwarded-user')
  // Each web server on the way adds the address that it sees, so the last one is the one to trust.
  const address = caller.header('x-forwarded-for')?.split(',').at(-1)
  const from =
    address === undefined ? undefined : plainLine(address.trim()).slice(0, maxPersonChars)
  if (user === undefined) return from || 'a client of the Unix socket'
  return from ? `user ${user} at ${from}` : `user ${user}`
}
