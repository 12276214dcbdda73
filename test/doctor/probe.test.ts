import { afterEach, expect, test } from 'vitest'
import { homePaths } from '../../src/daemon/settings.ts'
import { probePrograms } from '../../src/doctor/external-programs.ts'
import { probeHome } from '../../src/doctor/home.ts'
import { probeLimits } from '../../src/doctor/resource-limits.ts'
import { probeSystem } from '../../src/doctor/system.ts'
import { probeTime } from '../../src/doctor/time.ts'
import { closeMachines, machineWith } from './machine.ts'

afterEach(closeMachines)

test('every probe of an empty machine works', async () => {
  const host = machineWith({})
  expect(probeHome(host, homePaths('/a/b'), false)).toMatchObject({
    state: { kind: 'absent', above: '/', mayMake: true },
    log: undefined,
  })
  expect(probePrograms(host, undefined)).toMatchObject({
    sh: undefined,
    flock: undefined,
    missingShells: [],
    wrappers: { nice: { path: undefined, users: undefined } },
  })
  expect(probeSystem(host, undefined)).toMatchObject({
    hasProc: false,
    init: { names: [], zombies: 0 },
    systemd: { booted: false, unit: undefined },
  })
  expect(probeLimits(host, undefined, undefined)).toMatchObject({
    descriptors: Infinity,
    processes: { most: Infinity, runs: 0 },
    watching: undefined,
  })
  expect(await probeTime(host, undefined, false)).toMatchObject({
    clock: {},
    zone: { localtime: undefined },
    data: { system: undefined, without: [] },
  })
})
