import { afterAll, expect, test } from 'vitest'
import { torchHere } from '../../../support/here.ts'
import { closeSites, newSite } from '../../../support/torch.ts'

afterAll(closeSites)

const yaml = `
tasks:
  off: { schedule: "@daily", command: "true", enabled: false }
  away: { schedule: "@daily", command: "true", hosts: [10.255.255.1, "web-*"] }
  paused: { schedule: "@daily", command: "true" }
  hand: { type: manual, command: "true" }
  over: { schedule: "@at 2001-01-01T00:00", command: "true" }
  usual: { schedule: "0 0 1 1 *", command: "true" }
`
const names = ['off', 'away', 'paused', 'hand', 'over', 'usual']

test('torch history says why there is nothing of a task', async () => {
  const site = newSite(yaml)
  await site.torch('start', '--address', '10.0.0.1')
  await torchHere(['pause', 'paused', '--home', site.home, '--reason', 'new disk'])
  const said: Record<string, string> = {}
  for (const name of names)
    said[name] = (await torchHere(['history', name, '--home', site.home])).stderr
  expect(said).toEqual({
    off: 'nothing recorded: off is not enabled; torch run off starts it all the same\n',
    away: expect.stringMatching(
      /^nothing recorded: away does not run on \S+, only on 10\.255\.255\.1, web-\*\n$/,
    ),
    paused: expect.stringMatching(/^nothing recorded: paused is paused by \S+.*: new disk\n$/),
    hand: 'nothing recorded: torch run hand starts it\n',
    over: 'nothing recorded: the last time of over has passed; torch run over starts it\n',
    usual: expect.stringMatching(
      /^nothing recorded: usual starts first at 2\d{3}-01-01T\S+ \(in \S+\)\n$/,
    ),
  })
  await site.torch('stop')
  expect((await torchHere(['history', 'usual', '--home', site.home])).stderr).toContain(
    'nothing recorded: torch is not running; torch run usual starts it\n',
  )
}, 120_000)
