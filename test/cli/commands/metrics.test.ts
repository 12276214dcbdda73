import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { closeSites, newSite } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterEach(closeSites)

const yaml = `tasks:
  tick: {schedule: "* * * * * *", command: "true"}
  never: {schedule: "@yearly", command: "true"}
`

test('torch metrics prints what the daemon counts, writes a file by rename, and works without a daemon', async () => {
  const site = newSite(yaml)
  await site.torch('start')
  await until(async () => {
    const { stdout } = await site.torch('metrics')
    return /^torch_runs_total\{task="tick",outcome="ok"\} [1-9]/m.test(stdout)
  }, 'a run that counts')

  const out = site.write('torch.prom', 'old')
  const before = fs.statSync(out).ino
  const written = await site.torch('metrics', '--out', 'torch.prom')
  expect(written).toMatchObject({ status: 0, stdout: '', stderr: '' })
  expect(fs.statSync(out).ino).not.toBe(before)
  expect(fs.statSync(out).mode & 0o777).toBe(0o644)
  const text = fs.readFileSync(out, 'utf8')
  expect(text).toMatch(/^torch_up 1$/m)
  expect(text).toMatch(/^torch_last_success_timestamp_seconds\{task="tick"\} \d+\.\d+$/m)
  expect(text).not.toMatch(/^torch_last_run_timestamp_seconds\{task="never"\}/m)
  expect(text).toMatch(/^torch_next_run_timestamp_seconds\{task="never"\} \d+$/m)
  expect(text).not.toContain('command')
  lint(text)

  const json = JSON.parse((await site.torch('metrics', '--json')).stdout)
  expect(json.metrics[0]).toEqual({
    name: 'torch_up',
    help: 'Whether the daemon runs and answers.',
    type: 'gauge',
    values: [{ labels: {}, value: 1 }],
  })

  await site.torch('stop')
  const stopped = await site.torch('metrics')
  expect(stopped).toMatchObject({
    status: 0,
    stderr: 'torch is not running: this is what the files say\n',
  })
  expect(stopped.stdout).toMatch(/^torch_up 0$/m)
  expect(stopped.stdout).toMatch(/^torch_last_success_timestamp_seconds\{task="tick"\} \d/m)
  expect(stopped.stdout).not.toContain('torch_runs_total')
  lint(stopped.stdout)
  // A cron job must not send a mail each minute.
  const quiet = await site.torch('metrics', '--out', 'torch.prom')
  expect(quiet).toMatchObject({ status: 0, stdout: '', stderr: '' })
  expect(fs.readFileSync(out, 'utf8')).toMatch(/^torch_up 0$/m)

  // The next daemon continues to count, also after it took over.
  await site.torch('start')
  const started = okRuns((await site.torch('metrics')).stdout)
  expect(started).toBeGreaterThanOrEqual(okRuns(text))
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  expect(okRuns((await site.torch('metrics')).stdout)).toBeGreaterThanOrEqual(started)
  expect(fs.existsSync(path.join(site.home, 'totals.json'))).toBe(false)
})

function okRuns(text: string): number {
  return Number(/^torch_runs_total\{task="tick",outcome="ok"\} (\d+)$/m.exec(text)?.[1])
}

test('torch metrics --out writes through a link, and refuses what is not a file', async () => {
  const site = newSite(yaml)
  fs.symlinkSync('real.prom', path.join(site.folder, 'link.prom'))
  site.write('real.prom', '')
  expect(await site.torch('metrics', '--out', 'link.prom')).toMatchObject({ status: 0 })
  expect(fs.readFileSync(path.join(site.folder, 'real.prom'), 'utf8')).toMatch(/^torch_up 0$/m)
  expect(fs.lstatSync(path.join(site.folder, 'link.prom')).isSymbolicLink()).toBe(true)
  for (const [name, why] of [
    ['.', 'it is not a file'],
    ['/dev/null', 'it is not a file'],
    ['none/x.prom', 'its directory does not exist'],
    ['real.prom/x.prom', 'its directory does not exist'],
  ] as const) {
    const { status, stderr } = await site.torch('metrics', '--out', name)
    expect([status, stderr]).toEqual([
      1,
      `torch: cannot write ${name}: ${why}\nhint: name a file in a directory that this user may write\n`,
    ])
  }
  expect(fs.statSync('/dev/null').isCharacterDevice()).toBe(true)
  const { status, stderr } = await site.torch('metrics', '--json', '--out', 'real.prom')
  expect([status, stderr]).toEqual([
    2,
    'torch: --json and --out cannot be combined\nhint: node_exporter reads text: leave out --json\n',
  ])
})

/** What promtool says of the text; nothing where it is not installed. */
function lint(text: string): void {
  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  if (error !== undefined) return
  expect(`${stdout}${stderr}`).toBe('')
  expect(status).toBe(0)
}
