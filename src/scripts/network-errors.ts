import { messageOf } from '../errors.ts'

/** A script that cannot be had, or must not be used: the message is for a person. */
export class Refused extends Error {}

/** What went wrong with a connection. */
export function networkWords(error: unknown, { hostname, host }: URL): string {
  const { code, message } = firstOf(error)
  switch (code) {
    case 'ENOTFOUND':
      return `the host ${hostname} was not found: check its name, and the DNS (ENOTFOUND)`
    case 'EAI_AGAIN':
      return `the DNS does not answer for ${hostname} (EAI_AGAIN)`
    case 'ECONNREFUSED':
      return `${host} refuses the connection (ECONNREFUSED)`
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection to ${host} ended before all of it came (${code})`
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ETIMEDOUT':
      return `${host} cannot be reached (${code})`
  }
  if (isCertificate(code))
    return `the certificate of ${host} is not valid: ${message}; for a CA of your own, set NODE_EXTRA_CA_CERTS, then stop and start the daemon (torch restart keeps the old environment)`
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}

/** Node tries all addresses of a host, and then its error holds one for each. */
function firstOf(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return firstOf(error.errors[0])
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return { code, message: messageOf(error) || code }
}

/** The codes of OpenSSL for a certificate that is refused, see tls.html of Node. */
function isCertificate(code: string): boolean {
  return /CERT|UNABLE_TO|SELF_SIGNED|ERR_TLS_CERT_ALTNAME_INVALID|CRL|HOSTNAME_MISMATCH/.test(code)
}
