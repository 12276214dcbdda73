import type { ErrorAnswer } from '../http/api.ts'
import { address } from './state.ts'

/** An answer of the server that is not the wanted one, or none at all. */
export class AskError extends Error {
  /** The HTTP status; 0 if the server did not answer. */
  readonly status: number
  readonly hint: string | null

  constructor(status: number, message: string, hint: string | null) {
    super(message)
    this.status = status
    this.hint = hint
  }
}

export type Fields = readonly (readonly [name: string, value: string])[]

/**
 * The address of a part of the API, about the machine that the page shows. It is relative to the page, so that it
 * also works behind a proxy with a path.
 */
export function apiAddress(path: string, fields: Fields = []): string {
  const { host } = address.peek()
  const all = host === null ? fields : [...fields, ['host', host] as const]
  const query = all.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  return `api/${path}${query === '' ? '' : `?${query}`}`
}

/** Asks for JSON of a known shape. */
export async function getJson<T>(
  path: string,
  fields: Fields = [],
  signal?: AbortSignal,
): Promise<T> {
  const response = await request(apiAddress(path, fields), signal === undefined ? {} : { signal })
  return response.json()
}

/** Asks the server to do something. */
export async function post<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T> {
  const headers = { 'X-Torch': '1', 'Content-Type': 'application/json' }
  const response = await request(apiAddress(path), {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  return response.json()
}

/** Throws an AskError for every answer that is not a success. An aborted request throws an AbortError. */
export async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin', cache: 'no-store' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new AskError(0, 'torch web does not answer', null)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

async function errorOf(response: Response): Promise<AskError> {
  const { status } = response
  try {
    const { error }: ErrorAnswer = await response.json()
    return new AskError(status, error.message, error.hint)
  } catch {
    return new AskError(status, `torch web answers with status ${status}`, null)
  }
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** The words for a problem: what is wrong, then what to try. */
export function problemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = error instanceof AskError && error.hint !== null ? `: ${error.hint}` : ''
  return error.message + hint
}
