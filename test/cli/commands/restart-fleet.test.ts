import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeSites, newSite } from '../../support/torch.ts'

afterAll(closeSites)

test('a daemon gets the section, with the names of the files, and a restart gives the next one what it has by then', async () => {
  const site = newSite('tasks: {}\n')
  const section = 'servers: ["127.0.0.1:1"], user: web1, password_file: secret'
  const config = (text: string) => site.write('.config/torch/torch.yaml', text)
  config(`fleet: { ${section}, host: web1 }\n`)
  site.write('.config/torch/secret', 's3cret')
  const settings = (): unknown => {
    const words = fs.readFileSync(`/proc/${site.pid()}/cmdline`, 'utf8')
    expect(words).not.toContain('s3cret')
    return JSON.parse(words.split('\0').find((word) => word.startsWith('{')) ?? '')
  }
  const file = path.join(site.folder, '.config/torch/secret')
  const fleet = {
    ...{ name: 'torch', servers: ['nats://127.0.0.1:1'], host: 'web1', share: 'problems' },
    ...{ login: { kind: 'password', user: 'web1', file }, accept: ['run', 'kill', 'reload'] },
  }
  expect(await site.torch('start', '--tasks', site.tasks)).toMatchObject({ status: 0 })
  expect(settings()).toMatchObject({ fleet })
  const first = site.pid()
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  expect(site.pid()).not.toBe(first)
  expect(settings()).toMatchObject({ fleet })
  config(`fleet: { ${section}, host: web1, accept: [] }\n`)
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  expect(settings()).toMatchObject({ fleet: { ...fleet, accept: [] } })
  // Its places would be those of another machine.
  config(`fleet: { ${section}, host: web2 }\n`)
  const other = await site.torch('restart')
  expect(other.status).not.toBe(0)
  expect(other.stderr).toContain('the section fleet has another name or host than that of the')
  // Another shell may read another config file.
  config('grace: 1s\n')
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  expect(settings()).toMatchObject({ fleet: { ...fleet, accept: [] } })
  expect(await site.torch('stop')).toMatchObject({ status: 0 })
})
