import { execFileSync, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ask } from '../support/daemon.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { pageOf } from '../docs/pages.ts'

vi.setConfig({ testTimeout: 120_000 })

const example = path.join(root, 'examples/two-workers')
let site: Site
/** The folder of a program that has installed the package. */
let folder = ''
let installed = ''

beforeAll(async () => {
  site = newSite(fs.readFileSync(path.join(example, 'tasks.yaml'), 'utf8'))
  folder = path.join(site.folder, 'program')
  installed = install(folder)
  const { status, stderr } = await site.torch('start')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
afterAll(closeSites)

/**
 * Installs the package as npm does, from its archive. Its dependencies are those of this checkout, and
 * nothing is built: the tests beside this one run what is built.
 */
function install(into: string): string {
  const modules = path.join(into, 'node_modules')
  fs.mkdirSync(path.join(modules, '@types'), { recursive: true })
  fs.writeFileSync(path.join(into, 'package.json'), '{"type":"module"}')
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', into]
  const archive = execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }).trim()
  execFileSync('tar', ['-xzf', path.join(into, archive), '-C', modules])
  const own = path.join(modules, 'torchd')
  fs.renameSync(path.join(modules, 'package'), own)
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(own, 'node_modules'))
  for (const name of ['node', '../undici-types'])
    fs.symlinkSync(path.join(root, 'node_modules/@types', name), path.join(modules, '@types', name))
  return own
}

function write(name: string, text: string): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text)
  return file
}

/** Runs a program of the consumer. */
function start(file: string, ...words: string[]) {
  const child = spawn(process.execPath, [file, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TORCH_HOME: site.home, TEST_SITE: site.folder },
  })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()))
  const ended = new Promise<typeof texts & { status: number | null }>((resolve) => {
    child.once('close', (status) => resolve({ status, ...texts }))
  })
  return { child, stdout: () => texts.stdout, ended }
}

test('the example prints the lines and the ends of two workers, one of which crashes', async () => {
  const { stdout, stderr, status } = await start(
    path.join(installed, 'examples/two-workers/main.js'),
  ).ended
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const shown = pageOf('docs/library.md')
    .blocks.filter(({ language }) => language === 'text')
    .at(-1)
  expect(stdout.split('\n').toSorted()).toEqual(shown?.text.split('\n').toSorted())
})

test('the page shows the example as it is', () => {
  const texts = pageOf('docs/library.md').blocks.map(({ text }) => text)
  expect(texts).toContain(fs.readFileSync(path.join(example, 'main.js'), 'utf8'))
})

test.each([
  ['node16', 'node16'],
  ['preserve', 'bundler'],
])('programs compile with module %s and moduleResolution %s', (module, moduleResolution) => {
  write('program.ts', program)
  const scripts = pageOf('docs/library.md').blocks.filter(({ language }) => language === 'js')
  for (const [index, { text }] of scripts.entries()) write(`page-${index}.js`, text)
  const options = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false }
  const language = { module, moduleResolution, target: 'es2022', lib: ['es2023'], types: ['node'] }
  const javascript = { allowJs: true, checkJs: true, noImplicitAny: false, noEmit: true }
  const compilerOptions = { ...options, ...language, ...javascript }
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts', '*.js'] }))
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  const { stdout } = spawnSync(tsc, ['-p', '.'], { cwd: folder, encoding: 'utf8' })
  expect(stdout).toBe('')
})

const program = `
import { connect, type HistoryRow, type Run, type RunEvent, type RunLine, TorchError } from 'torchd'
import type { ConnectOptions, ErrorCode, StatusReport, Torch } from 'torchd'
const options: ConnectOptions = { home: process.env['TORCH_HOME'] }
const torch: Torch = connect(options)
const run: Run = await torch.run('worker1', { force: true })
const lines: AsyncIterable<RunLine> = run.lines({ from: 0, signal: AbortSignal.timeout(1) })
const row: HistoryRow = await run.over
const code: number | null = row.exitCode
for await (const each of torch.follow(['worker*'])) {
  const event: RunEvent = each
  if (each.event === 'line') each.line.trim()
  if (each.event === 'end') each.end.outcome satisfies string
  // @ts-expect-error a start has no line
  if (each.event === 'start') each.line
  void event
}
const report: StatusReport = await torch.status()
const known: ErrorCode = 'refused'
try {
  await run.kill('SIGINT')
  // @ts-expect-error it is no signal
  await run.kill('INT')
} catch (error) {
  if (error instanceof TorchError && error.code === known) throw error
}
// @ts-expect-error a task has a name
await torch.run()
// @ts-expect-error nothing internal can be imported
await import('torchd/dist/errors.js')
void [lines, code, report]
`

test('nothing internal can be imported by accident, and everything public can', () => {
  const file = write(
    'imports.mjs',
    `import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const names = ['torchd', 'torchd/package.json', 'torchd/tasks.schema.json', 'torchd/dist/cli/main.js', 'torchd/bin/torch.js']
    for (const name of names) {
      try { require(name); console.log(name) } catch (error) { console.log(name, error.code) }
    }
    console.log(Object.keys(await import('torchd')).join(' '))`,
  )
  const refused = 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  // Old versions say that require() of a module is an experiment.
  expect(execFileSync(process.execPath, ['--no-warnings', file], { encoding: 'utf8' })).toBe(
    `torchd\ntorchd/package.json\ntorchd/tasks.schema.json\ntorchd/dist/cli/main.js ${refused}\n` +
      `torchd/bin/torch.js ${refused}\nTorchError connect\n`,
  )
})

test('the command of the package works, and its files are where they were', () => {
  const { bin, files } = JSON.parse(
    fs.readFileSync(path.join(installed, 'package.json'), 'utf8'),
  ) as { bin: { torch: string }; files: string[] }
  const version = execFileSync(process.execPath, [path.join(installed, bin.torch), '--version'])
  expect(version.toString()).toMatch(/^torch \d+\.\d+\.\d+\n$/)
  const missing = files.filter((name) => !fs.existsSync(path.join(installed, name)))
  // npm writes it only when the package is published.
  expect(missing).toEqual(['npm-shrinkwrap.json'])
  const declarations = fs
    .readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
  expect(declarations.length).toBeLessThan(12)
})

test('a run continues when the program that started it is killed, and another one attaches to it', async () => {
  const first = start(
    write(
      'first.mjs',
      `import { connect } from 'torchd'
      const run = await connect().run('worker1')
      await run.send('echo one; echo two', 'echo three')
      let seen = 0
      for await (const { line, next } of run.lines()) if (++seen === 2) console.log(run.id, next)`,
    ),
  )
  await until(() => first.stdout().includes('\n'), 'two lines')
  first.child.kill('SIGKILL')
  await first.ended
  const [id = '', from = ''] = first.stdout().trim().split(' ')
  const second = await start(
    write(
      'second.mjs',
      `import { connect } from 'torchd'
      const [id, from] = process.argv.slice(2)
      const torch = connect()
      const run = await torch.attach(id)
      await run.send('echo four')
      await run.end()
      for await (const { line } of run.lines({ from: Number(from) })) console.log(line)
      console.log((await run.over).outcome, (await torch.runs()).length)`,
    ),
    ...[id, from],
  ).ended
  expect(second).toEqual({ status: 0, stderr: '', stdout: 'three\nfour\nok 0\n' })
})

test('a program is refused at the max of a task, and hears of a daemon that is gone', async () => {
  const file = write(
    'refused.mjs',
    `import { connect, TorchError } from 'torchd'
    const code = (promise) => promise.then(() => 'none', (error) => error instanceof TorchError && error.code)
    const torch = connect()
    const run = await torch.run('worker2')
    console.log(await code(torch.run('worker2')))
    console.log(await code(torch.run('worker3')))
    console.log(await code(torch.attach('20261121T081308.003-fef3f1')))
    await run.kill()
    console.log((await run.over).reason, await code(run.send('echo')))
    console.log(await code(connect({ home: '/nowhere' }).run('worker2')))`,
  )
  const { stdout, stderr } = await start(file).ended
  expect({ stdout, stderr }).toEqual({
    stdout: 'refused\nno-task\nno-run\nkill not-running\nno-daemon\n',
    stderr: '',
  })
  expect((await ask(site, 'status', {})).tasks.flatMap(({ running }) => running)).toEqual([])
})
