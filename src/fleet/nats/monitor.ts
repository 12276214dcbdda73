import { messageOf } from '../../errors.ts'
import { fieldsOf } from '../../text/fields-of.ts'

/** What the monitoring port of a server says about its disk. */
export type SyncLook =
  | {
      readonly kind: 'read'
      readonly server: string
      readonly version: string
      /** It has JetStream at all. */
      readonly isEngine: boolean
      /** Each message is on the disk before it is acknowledged. */
      readonly isAlways: boolean
    }
  | { readonly kind: 'failed'; readonly words: string }

const timeoutMs = 3_000

/** Reads `/varz`: a client connection does not say it. Never throws. */
export async function readSync(monitor: string): Promise<SyncLook> {
  const url = `${monitor.replace(/\/+$/, '')}/varz`
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = { connection: 'close' }
    const response = await fetch(url, { signal, headers, redirect: 'error' })
    if (!response.ok) return { kind: 'failed', words: `${url} answers ${response.status}` }
    return syncOf(await response.json(), url)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { kind: 'failed', words: `${url}: ${messageOf(cause)}` }
  }
}

/** Without JetStream the section is empty. Servers before 2.10 know no sync_always. */
function syncOf(value: unknown, url: string): SyncLook {
  const { version, jetstream, server_name: name } = fieldsOf(value)
  if (typeof version !== 'string')
    return { kind: 'failed', words: `${url} is not the monitoring port of a nats-server` }
  const config = fieldsOf(fieldsOf(jetstream)['config'])
  return {
    ...{ kind: 'read', version, server: typeof name === 'string' ? name : url },
    ...{ isEngine: 'store_dir' in config, isAlways: config['sync_always'] === true },
  }
}
