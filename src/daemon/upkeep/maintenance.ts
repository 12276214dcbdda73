import { gitRevision } from '../../host/git.ts'
import { hostFacts } from '../../tasks/hosts.ts'
import { applyTasks } from '../tasks-file/apply.ts'
import { makeSweep } from './old-runs.ts'
import { ageCounts } from '../starts/ticker.ts'
import type { Torch } from '../state.ts'

const minuteMs = 60_000
/** Rows of the history: a year of a run each half minute. */
const maxHistoryRows = 1_000_000
const maxHistoryMs = 90 * 24 * 3600 * 1000

/** What is done once a minute: a line of figures, addresses read anew, old history dropped. */
export function startMinutes(torch: Torch): () => void {
  let cancel = (): void => {}
  const sweep = makeSweep(torch)
  const beat = (): void => {
    cancel = torch.host.clock.after(minuteMs, beat)
    sayStat(torch)
    void sweep()
    torch.faults.attempt('read the addresses of this machine', () => readAddresses(torch))
    const oldestMs = ageCounts(torch) ? torch.host.clock.now() - maxHistoryMs : 0
    torch.history.prune(new Date(oldestMs).toISOString(), maxHistoryRows)
    void readRevision(torch)
  }
  cancel = torch.host.clock.after(minuteMs, beat)
  return () => cancel()
}

function sayStat(torch: Torch): void {
  const running = [...torch.runs.values()].reduce((sum, runs) => sum + runs.length, 0)
  const facts = {
    tasks: torch.loaded.file.tasks.length,
    running,
    ...torch.counters.takeStat(),
    ...torch.host.processes.load(),
  }
  torch.log.info('stat', facts, 'stat')
}

/** A lease, a VPN, a container network: the machine's addresses change while it runs. */
function readAddresses(torch: Torch): void {
  const facts = factsHere(torch)
  if (JSON.stringify(facts) === JSON.stringify(torch.facts)) return
  torch.facts = facts
  torch.log.info(
    'addresses',
    { addresses: facts.addresses },
    'the addresses of this machine changed',
  )
  void applyTasks(torch)
}

/** How this machine is known to `hosts:`. */
export function factsHere({ host, settings }: Pick<Torch, 'host' | 'settings'>): Torch['facts'] {
  const addresses = settings.addresses.length > 0 ? settings.addresses : host.network.addresses()
  return hostFacts(host.network.name(), addresses)
}

/** A commit changes the revision and not the content. */
async function readRevision(torch: Torch): Promise<void> {
  const revision = await gitRevision(torch.host, torch.settings.tasks)
  torch.loaded = { ...torch.loaded, revision }
}
