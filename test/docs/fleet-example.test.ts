import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { natsPrograms } from '../support/fleet/nats-server.ts'
import { closeSites, newSite, root } from '../support/torch.ts'

const example = path.join(root, 'examples/fleet')

afterEach(closeSites)

/** Only servers from 2.10 on take this setting, so init writes it only for them. */
function withoutSync(text: string): string {
  return text.replace(/ {2}# What is acknowledged.*\n {2}sync_interval: always\n/, '')
}

test('the example of a fleet has a valid tasks file, and the nats.conf that torch fleet init writes', async () => {
  const site = newSite()
  for (const name of ['tasks.yaml', 'torch.yaml'])
    site.write(name, fs.readFileSync(path.join(example, name), 'utf8'))
  const valid = await site.torch('validate', '--config', 'torch.yaml', '--tasks', 'tasks.yaml')
  expect(valid).toMatchObject({ status: 0, stderr: '' })
  const words = ['fleet', 'init', '--on', 'db1,db2,web1', '--config', 'torch.yaml']
  const { status, stdout } = await site.torch(...words, '--tasks', 'tasks.yaml')
  expect(status).toBe(0)
  const [shown = ''] = /hosts:\n[^]*?hosts: \[nats-servers\]\n/.exec(stdout) ?? []
  const tasks = fs.readFileSync(path.join(example, 'tasks.yaml'), 'utf8')
  const [group = '', nats = ''] = shown.split('tasks:\n')
  expect(tasks).toContain(group)
  expect(tasks).toContain(nats)
  const written = fs.readFileSync(path.join(site.folder, 'nats.conf'), 'utf8')
  const kept = fs.readFileSync(path.join(example, 'nats.conf'), 'utf8')
  expect(withoutSync(written)).toBe(withoutSync(kept))
})

test.skipIf(natsPrograms.length === 0)('nats-server takes the nats.conf of the example', () => {
  const site = newSite()
  const kept = fs.readFileSync(path.join(example, 'nats.conf'), 'utf8')
  const env = { TORCH_HOST: 'db1', TORCH_HOME: site.folder }
  const [program = ''] = natsPrograms
  const is29 = execFileSync(program, ['--version'], { encoding: 'utf8' }).includes('v2.9.')
  const config = site.write('nats.conf', is29 ? withoutSync(kept) : kept)
  execFileSync(program, ['-t', '-c', config], { env, stdio: 'pipe' })
})
