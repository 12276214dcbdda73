import type { SendMailOptions } from 'nodemailer'
import { runInGroup } from '../host/group-program.ts'
import { findProgram } from '../host/programs.ts'
import { isThisMachine } from '../tasks/address.ts'
import type { MailTarget } from '../tasks/notify.ts'
import { basicVariables, deliveryOf } from './command-target.ts'
import type { Message } from './message.ts'
import type { Delivery } from './retry-plan.ts'
import { withoutSecrets } from './secrets.ts'
import { textOf, titleOf } from './text.ts'
import { codeOf, networkWords } from './web-request.ts'

/** A mail target, with its secrets. */
export interface Mail {
  readonly target: MailTarget
  readonly message: Message
  /** The URL of the server; undefined: the program sendmail sends it. */
  readonly smtp: string | undefined
  readonly password: string | undefined
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Sends a mail. Throws only if the library nodemailer is missing. */
export async function sendMail(mail: Mail): Promise<Delivery> {
  const { createTransport } = await import('nodemailer').catch(() => {
    throw new Error('the package nodemailer is missing: npm install nodemailer')
  })
  const { smtp } = mail
  if (smtp === undefined) {
    const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
    const { envelope, message } = await composer.sendMail(contentOf(mail))
    return sendBySendmail(mail, envelope.from || '', message as Buffer)
  }
  const options = serverOptions(smtp, mail)
  if (options === undefined) return { kind: 'refused', words: 'smtp is not an smtp or smtps URL' }
  const transport = createTransport(options)
  const stopped = new Promise<Delivery>((resolve) => {
    const late = (): void => resolve({ kind: 'later', words: 'it did not answer in time' })
    mail.signal.addEventListener('abort', late)
  })
  const sent = transport.sendMail(contentOf(mail)).then(
    ({ rejected }): Delivery =>
      rejected.length === 0
        ? { kind: 'delivered', words: 'the server took it' }
        : { kind: 'delivered', words: `the server took it, but not for ${rejected.join(', ')}` },
    (error: unknown) => failureOf(error, mail),
  )
  return Promise.race([sent, stopped])
}

/** The same message has the same Message-ID, so a program can drop what comes twice. */
function contentOf({ target, message }: Mail): SendMailOptions {
  const host = /^[\w.-]+$/.test(message.host) ? message.host : 'localhost'
  return {
    from: target.from ?? `torch@${host}`,
    to: [...target.to],
    subject: `[torch] ${titleOf(message)}`,
    text: textOf(message),
    messageId: `<${message.id.replace(/[^\w.-]/g, '_')}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Torch-Id': message.id },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** RFC 3463 and sysexits.h: EX_USAGE, EX_NOUSER and EX_NOHOST will not change. */
const finalCodes = [64, 67, 68]

/** `-i`: a line with one dot does not end the mail. */
async function sendBySendmail(
  { target, signal, variables }: Mail,
  from: string,
  content: Buffer,
): Promise<Delivery> {
  const program = findProgram('sendmail')
  if (program === undefined)
    return {
      kind: 'later',
      words: 'this machine has no program sendmail: install one, or write smtp',
    }
  const command = [program, '-i', '-f', from, '--', ...target.to.map(addressOf)]
  const env = basicVariables(variables)
  const result = await runInGroup({ command, env, input: content, signal })
  const delivery = deliveryOf(result, signal, program)
  if (delivery.kind === 'delivered') return { ...delivery, words: 'sendmail took it' }
  const isFinal = result.code !== null && finalCodes.includes(result.code)
  return { ...delivery, kind: isFinal ? 'refused' : 'later', words: `sendmail: ${delivery.words}` }
}

function addressOf(text: string): string {
  return /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text
}

/**
 * Without a password the server is a relay, and TLS is used if it has it, whatever its certificate, as between
 * servers (RFC 7435). A password goes only to a server with a valid certificate, or to this machine.
 */
function serverOptions(smtp: string, { password, timeoutMs }: Mail) {
  if (!URL.canParse(smtp) || !/^smtps?:\/\//i.test(smtp)) return undefined
  const url = new URL(smtp)
  const secure = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  const pass = password ?? decodeURIComponent(url.password)
  const hasLogin = user !== ''
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isLocal = isThisMachine(host)
  const port = Number(url.port) || (secure ? 465 : hasLogin ? 587 : 25)
  return {
    host,
    port,
    secure,
    requireTLS: !secure && hasLogin && !isLocal,
    tls: { rejectUnauthorized: secure || (hasLogin && !isLocal) },
    ...(hasLogin && { auth: { user, pass } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ dnsTimeout: timeoutMs, socketCloseTimeout: 0 },
  }
}

const maxDetailsLength = 300

/** 5xx of SMTP is final. The answer of the server may quote what it got. */
function failureOf(error: unknown, { smtp = '', password = '' }: Mail): Delivery {
  const code = codeOf(error)
  const answer = error instanceof Error && 'response' in error ? String(error.response) : ''
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0
  const secrets = [smtp, ...(password === '' ? [] : [password])]
  const details = withoutSecrets(answer, ...secrets).slice(0, maxDetailsLength)
  const shown = details === '' ? {} : { details }
  if (code === 'EAUTH' && status === 0)
    return { kind: 'later', words: 'the server has no way to log in that torch can use', ...shown }
  if (status >= 400) {
    const words = code === 'EAUTH' ? `SMTP ${status}: the login was refused` : `SMTP ${status}`
    return { kind: status >= 500 ? 'refused' : 'later', words, ...shown }
  }
  return { kind: 'later', words: connectionWords(code, systemCodeOf(error)), ...shown }
}

/** nodemailer has codes of its own, and keeps the one of the system beside it. */
function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('originalCode' in error)) return undefined
  return typeof error.originalCode === 'string' ? error.originalCode : undefined
}

function connectionWords(code: string, systemCode: string | undefined): string {
  if (systemCode !== undefined) return networkWords(systemCode)
  if (code === 'ETLS')
    return 'the server does not offer TLS, and torch sends no password without it'
  if (code === 'ESOCKET' || code === 'ECONNECTION') return 'the connection failed'
  return networkWords(code)
}
