import { type NatsConnection, connect } from '@nats-io/transport-node'
import { type Watched, watch } from '../browser.ts'
import { startDaemon } from '../daemon.ts'
import { newSite, type Site } from '../torch.ts'
import { type NatsServer, natsServer } from './nats-server.ts'

/** Machines of the fleet `prod` on one server, and a browser that looks at the page of the first one. */
export interface WatchedFleet extends Watched {
  readonly nats: NatsServer
  readonly sites: Readonly<Record<string, Site>>
}

/** Starts them. Each has a tasks file of its own. Nothing is left behind if that fails. */
export async function watchFleet(
  program: string,
  machines: Readonly<Record<string, string>>,
): Promise<WatchedFleet> {
  const nats = await natsServer(program)
  const sites: Record<string, Site> = {}
  const closeAll = async (): Promise<void> => {
    for (const site of Object.values(sites)) await site.close()
    await nats.close()
  }
  try {
    for (const [host, tasks] of Object.entries(machines)) {
      const site = newSite(tasks)
      const share = `share: all, accept: [run, kill]`
      const section = `fleet: { name: prod, servers: ["${nats.url}"], host: ${host}, ${share} }\n`
      // Found by each command of this site.
      site.write('.config/torch/torch.yaml', section)
      sites[host] = site
    }
    const [first, ...others] = Object.values(sites)
    if (first === undefined) throw new Error('no machines')
    const made = await first.torch('fleet', 'init', '--replicas', '1')
    if (made.status !== 0) throw new Error(`torch fleet init: ${made.stderr}`)
    for (const site of others) await startDaemon(site)
    const watched = await watch(first, ['--actions'])
    const close = async (): Promise<void> => {
      await watched.close()
      await closeAll()
    }
    return { ...watched, nats, sites, close }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Somebody on the servers of the fleet who says whatever the test wants. */
export async function strangerOn({ nats }: WatchedFleet) {
  const connection: NatsConnection = await connect({ servers: nats.url })
  const prefix = 'torch.prod'
  return {
    say: (subject: string, value: unknown): void =>
      connection.publish(`${prefix}.${subject}`, JSON.stringify(value)),
    /** Answers all questions on that subject. */
    answer(subject: string, of: (question: { readonly kind: string }) => unknown): void {
      connection.subscribe(`${prefix}.${subject}`, {
        callback: (_, message) => {
          const reply = of(message.json<{ readonly kind: string }>())
          message.respond(JSON.stringify(reply))
        },
      })
    },
    close: () => connection.close(),
  }
}
