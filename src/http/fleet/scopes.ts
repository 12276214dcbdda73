import { TorchError } from '../../errors.ts'
import type { Clock } from '../../host/clock.ts'
import { allView } from '../../view/fleet/all-view.ts'
import { type FleetLooks, newFleetLooks } from '../../view/fleet/fleet-looks.ts'
import type { AskFleet } from '../../view/fleet/fleet-status.ts'
import { type FleetAccess, machineView, type TellMachine } from '../../view/fleet/machine-view.ts'
import type { View } from '../../view/view.ts'
import { allMachines } from '../api.ts'
import { type Hub, newHub } from '../hub.ts'
import { type FleetFeed, newFleetFeed } from './fleet-feed.ts'

/** What a request is about: this machine, another one of the fleet, or all of them. */
export interface Scope {
  readonly view: View
  readonly hub: Hub
}

export interface Scopes {
  /** By the `host` of a request; undefined: this machine. Throws TorchError `no-fleet` or `no-host`. */
  of(host: string | undefined): Promise<Scope>
  /** undefined: this machine is in no fleet. */
  readonly feed: FleetFeed | undefined
  close(): void
}

/** A page of a machine that is in no fleet. */
export function oneScope(own: Scope): Scopes {
  return {
    of: (host) =>
      host === undefined
        ? Promise.resolve(own)
        : Promise.reject(new TorchError('no-fleet', 'this page shows only its own machine')),
    feed: undefined,
    close: own.hub.close,
  }
}

/** How the daemon of this machine is asked about its fleet. */
export interface FleetAsking {
  readonly ask: AskFleet
  readonly tell: TellMachine
}

/** Machines that nobody looks at are forgotten, if there are more. */
const maxIdleScopes = 16

export function fleetScopes(own: Scope, { ask, tell }: FleetAsking, clock: Clock): Scopes {
  const looks = newFleetLooks(ask, clock)
  const access: FleetAccess = { ask, clock, looks, tell: tellAnyOf(own.view, looks, tell) }
  /** The one that was used last is the last. */
  const others = new Map<string, Scope>()

  function scopeOf(host: string): Scope {
    const view = host === allMachines ? allView(access, own.view) : machineView(access, host)
    const scope = others.get(host) ?? { view, hub: newHub(view, clock) }
    others.delete(host)
    others.set(host, scope)
    for (const [name, { hub }] of others) {
      if (others.size <= maxIdleScopes) break
      if (name === host || hub.isFollowed()) continue
      hub.close()
      others.delete(name)
    }
    return scope
  }

  return {
    async of(host) {
      if (host === undefined) return own
      if (host !== allMachines && !others.has(host)) {
        const { status } = await looks.look()
        if (host === status.host) return own
        if (!status.machines.some((each) => each.host === host))
          throw new TorchError(
            'no-host',
            `no machine of the fleet is called ${JSON.stringify(host)}`,
            {
              hint: 'torch fleet status shows the machines',
            },
          )
      }
      return scopeOf(host)
    },
    feed: newFleetFeed(looks, clock),
    close() {
      own.hub.close()
      for (const { hub } of others.values()) hub.close()
    },
  }
}

/** This machine needs no right of the servers to do something itself. */
function tellAnyOf(own: View, looks: FleetLooks, tell: TellMachine): TellMachine {
  return async (host, verb, who, request) => {
    const { status } = await looks.look()
    const { task, force, target } = request
    if (host !== status.host)
      return tell(host, verb, `${who} on the page of ${status.host}`, request)
    return verb === 'run'
      ? own.start({ task: task ?? '', force: force ?? false, by: who })
      : own.kill({ target: target ?? '', signal: null, by: who })
  }
}
