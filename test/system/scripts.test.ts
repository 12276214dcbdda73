import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, historyOf, logOf } from '../support/daemon.ts'
import { fillDisk, mayMount, mountDisk } from '../support/disk.ts'
import {
  type Answer,
  newCertificate,
  type ScriptServer,
  scriptServer,
  sends,
} from '../support/script-server.ts'
import { closeSites, newSite, root } from '../support/torch.ts'
import { until } from '../support/until.ts'

/** How often a script is replaced while it reads itself. */
const updates = Number(process.env['TORCH_TEST_SCRIPT_UPDATES'] ?? 20)

const servers: ScriptServer[] = []
const disks: (() => void)[] = []
afterAll(async () => {
  for (const unmount of disks) unmount()
  await closeSites()
  for (const server of servers) await server.close()
})

/** A daemon whose tasks have scripts of a server of this test. Its cache folder is `cache` of the site. */
async function daemonWith(
  tasks: (url: string) => string,
  answer: Answer,
  prepare: (cache: string) => void = () => {},
) {
  const site = newSite()
  fs.chmodSync(site.folder, 0o755)
  const certificate = newCertificate(site.folder)
  const server = await scriptServer(answer, certificate)
  servers.push(server)
  site.write('tasks.yaml', tasks(server.url))
  const cache = path.join(site.folder, 'cache')
  prepare(cache)
  const env = { NODE_EXTRA_CA_CERTS: certificate.file, TORCH_CACHE: cache }
  const torch = (...words: string[]) => site.torchWith({ env }, ...words)
  expect(await torch('start')).toMatchObject({ status: 0 })
  /** Runs a task to its end. */
  const run = async (task: string, update = false) => {
    const { run: id, directory } = await ask(site, 'run', { task, force: true, update })
    await until(() => fs.existsSync(path.join(directory, 'outcome.json')), `the end of ${task}`)
    const rows = await historyOf(site)
    const row = rows.find((each) => each.run === id)
    // The collector may still write for a moment; `torch logs` waits for it.
    const output = await torch('logs', id)
    return { row, output: output.stdout }
  }
  return { site, server, cache, torch, run }
}

describe.concurrent('scripts', () => {
  test('a script that reads itself while it is replaced never sees another version', async () => {
    let version = 0
    const text = (): string => {
      version += 1
      const lines = Array.from({ length: 300 }, () => `# version ${version}\n`)
      const read = 'while read -r a b c; do [ "$b" != version ] || echo "$c"; done <"$0"'
      return `#!/bin/sh\n${read}\nexit\n${lines.join('')}`
    }
    const { run } = await daemonWith(
      (url) => `
tasks:
  self: { type: manual, max: unlimited, script: { url: "${url}/self", update: always } }
`,
      (request, response) => sends(text())(request, response),
    )
    const seen = new Set<string>()
    for (let at = 0; at < updates; at += 4) {
      const runs = await Promise.all([1, 2, 3, 4].map(() => run('self', true)))
      for (const { output, row } of runs) {
        const lines = output.trim().split('\n')
        expect(row).toMatchObject({ outcome: 'ok' })
        expect([lines.length, new Set(lines).size]).toEqual([300, 1])
        seen.add(lines[0] ?? '')
      }
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'another user executes scripts of sh, bash, python and Node, and an example of the documentation',
    async () => {
      const scripts: Readonly<Record<string, string>> = {
        '/sh': '#!/bin/sh\necho "sh $(id -un)"\n',
        '/bash': '#!/bin/bash\na=(bash x)\necho "${a[0]} $(id -un)"\n',
        '/python':
          '#!/usr/bin/python3\nimport os\nprint("python", os.popen("id -un").read(), end="")\n',
        '/node': `#!/usr/bin/node\nconsole.log('node', require('child_process').execSync('id -un') + '')\n`,
        '/ops/raw/v1.4/bin/disk-report': '#!/bin/sh\necho disks\n',
        '/ops/raw/main/sales.py': 'import sys\nprint(sys.argv[1:])\n',
      }
      const page = fs.readFileSync(path.join(root, 'docs/scripts.md'), 'utf8')
      const [, example = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
      const sum = (await import('node:crypto')).createHash('sha256')
      const pin = sum.update(scripts['/ops/raw/main/sales.py'] ?? '').digest('hex')
      const { run } = await daemonWith(
        (url) =>
          example.replaceAll('https://git.example.com', url).replace(/\b[0-9a-f]{64}\b/, pin) +
          ['sh', 'bash', 'python', 'node']
            .map(
              (name) =>
                `  ${name}: { type: manual, user: nobody, script: { url: "${url}/${name}", update: never } }\n`,
            )
            .join(''),
        (request, response) => {
          const script = scripts[request.url ?? '']
          if (script === undefined) response.writeHead(404).end()
          else sends(script)(request, response)
        },
      )
      for (const name of ['sh', 'bash', 'python', 'node'])
        expect((await run(name)).output.trim()).toBe(`${name} nobody`)
      expect((await run('disk-report')).output).toBe('disks\n')
      expect((await run('sales-report')).output).toBe("['--daily']\n")
    },
  )

  test.skipIf(!mayMount())('a full disk is one trouble, and the old copy still runs', async () => {
    const { site, server, cache, run } = await daemonWith(
      (url) => `
tasks:
  report: { type: manual, script: { url: "${url}/report", update: always } }
`,
      sends('#!/bin/sh\necho old\n'),
      (folder) => disks.push(mountDisk(folder, 'size=64k,mode=0755')),
    )
    expect((await run('report')).output).toBe('old\n')
    const free = fillDisk(cache)
    server.answer = sends(`#!/bin/sh\necho new\n${'#'.repeat(20_000)}\n`)
    for (let at = 0; at < 3; at++) {
      const { output, row } = await run('report')
      expect(output).toBe('old\n')
      expect(row?.script?.stale).toMatch(/ENOSPC/)
    }
    const trouble = () => logOf(site).filter(({ event }) => event === 'trouble')
    expect(trouble().map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^could not keep scripts in the cache folder: ENOSPC/),
    ])
    free()
    expect((await run('report')).output).toBe('new\n')
    expect(trouble().at(-1)?.msg).toBe('could keep scripts in the cache folder again')
  })
})
