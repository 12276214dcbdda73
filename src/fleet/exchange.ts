import { quietly } from '../host/system-error.ts'

/** A message of another machine. Subjects are as in `Exchange`. */
export interface HeardMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** Where to answer; undefined: nowhere, or not in an inbox of this fleet. */
  readonly reply: string | undefined
}

/** The JSON of a message; undefined: it is none. Another version of torch may have sent it. */
export function jsonOf(data: Uint8Array): unknown {
  return quietly(() => JSON.parse(Buffer.from(data).toString('utf8')) as unknown)
}

/** The answer to a request. */
type RequestAnswer =
  | { readonly kind: 'answer'; readonly data: Uint8Array }
  /** Nobody hears the subject. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'silent'; readonly words: string }
  | { readonly kind: 'forbidden'; readonly words: string }

/**
 * What machines say to each other. Nothing of it is kept: who is away does not hear it. Subjects are those below
 * the prefix of the fleet, such as `ask.all`. No function throws or rejects.
 */
export interface Exchange {
  /** Hears a subject from now on, also after the connection was lost; `*` stands for one part. Returns a function that ends it. */
  listen(subject: string, listener: (message: HeardMessage) => void): () => void
  /** Sends a message, if there is a connection. */
  publish(subject: string, data: Uint8Array | string, reply?: string): void
  /** Sends a message, and waits for one answer. */
  request(subject: string, data: string, ms: number): Promise<RequestAnswer>
  /** A new subject that only this machine hears. */
  newInbox(): string
}
