import { afterEach, describe, expect, test } from 'vitest'
import fs from 'node:fs'
import path from 'node:path'
import { readConfig } from '../../../src/cli/args/config-file.ts'
import { type Host, thisMachine } from '../../../src/host/host.ts'
import { closeSites, newSite } from '../../support/torch.ts'

afterEach(closeSites)
const host = thisMachine()

function named(yaml: string) {
  const file = newSite().write('torch.yaml', yaml)
  return { file, read: () => readConfig(host, '/nowhere', { shown: file, absolute: file }) }
}

describe('a config file', () => {
  test('a config file has options as keys, and its paths are relative to it', async () => {
    const { file, read } = named('grace: 1m\nlog_level: warn\naddress: [10.0.0.1, "::1"]\n')
    expect(await read()).toMatchObject([
      {
        kind: 'config',
        raw: { grace: '1m', 'log-level': 'warn', address: ['10.0.0.1', '::1'] },
        base: { folder: path.dirname(file) },
      },
    ])
  })

  test('a config file may be empty', async () => {
    expect(await named('# nothing\n').read()).toMatchObject([{ raw: {} }])
  })

  test.each([
    ['graec: 1m', 'unknown key "graec"', 'did you mean "grace"?'],
    [
      'config: other.yaml',
      'unknown key "config"',
      expect.stringContaining('the keys are home, tasks, json'),
    ],
    ['[1, 2]', 'expected a map of options', expect.stringContaining('such as: grace: 1m')],
    ['a: [', /^not valid YAML: /, expect.anything()],
  ])('the config file %j is refused: %s', async (yaml, message, hint) => {
    const { file, read } = named(yaml)
    const error: unknown = await read().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'bad-config', exit: 2, hint })
    const words = (error as Error).message.replace(`${file}: `, '')
    if (typeof message === 'string') expect(words).toBe(message)
    else expect(words).toMatch(message)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'root does not take a config file that others can write',
    async () => {
      const { file, read } = named('grace: 1m\n')
      fs.chmodSync(file, 0o666)
      await expect(read()).rejects.toMatchObject({
        message: `${file}: other users can change it by writing ${file}`,
        exit: 2,
      })
    },
  )

  test('a named config file must exist', async () => {
    const file = path.join(newSite().folder, 'none.yaml')
    await expect(readConfig(host, '/nowhere', { shown: file, absolute: file })).rejects.toThrow(
      `${file}: does not exist`,
    )
  })

  test("without a named config file, torch reads the user's own and then that of the machine", async () => {
    const { folder } = newSite()
    const userFile = path.join(folder, '.config/torch/torch.yaml')
    const texts: Record<string, string> = {}
    const files: Host['files'] = {
      ...host.files,
      facts: (file) => (file in texts ? host.files.facts('/') : undefined),
      readFile: (file) => Buffer.from(texts[file] ?? ''),
    }
    const found = () => readConfig({ ...host, files }, folder, undefined)
    expect(await found()).toEqual([])
    texts['/etc/torch/torch.yaml'] = 'grace: 1m'
    expect(await found()).toMatchObject([{ raw: { grace: '1m' }, base: { folder: '/etc/torch' } }])
    texts[userFile] = 'grace: 2m'
    expect(await found()).toMatchObject([
      { raw: { grace: '2m' }, base: { folder: path.dirname(userFile) } },
      { raw: { grace: '1m' }, base: { folder: '/etc/torch' } },
    ])
  })
})

describe('the installed command', () => {
  const tasks = 'tasks: {a: {schedule: "@daily", command: "true"}}'
  test('the home comes from --home, else TORCH_HOME, else the config file', async () => {
    const site = newSite(tasks)
    site.write('.config/torch/torch.yaml', 'home: ../../of-config\n')
    const hint = async (env: Record<string, string | undefined>, ...words: string[]) =>
      (await site.torchWith({ env }, 'reload', ...words)).stderr.split('\n')[0]
    const none = (home: string) =>
      `torch: no torch daemon is running for ${path.join(site.folder, home)}`
    expect(await hint({ TORCH_HOME: undefined })).toBe(none('of-config'))
    expect(await hint({ TORCH_HOME: 'of-variable' })).toBe(none('of-variable'))
    expect(await hint({ TORCH_HOME: 'of-variable' }, '--home', 'of-flag')).toBe(none('of-flag'))
  })

  test('the tasks file comes from --tasks, else TORCH_TASKS, else the config file, else ./tasks.yaml', async () => {
    const site = newSite(tasks)
    const file = (name: string) => site.write(name, tasks.replace('{a:', `{${name}:`))
    file('flag')
    file('variable')
    file('config')
    const ask = async (env: Record<string, string>, ...words: string[]) => {
      const { stdout } = await site.torchWith({ env }, 'status', '--json', ...words)
      return (JSON.parse(stdout) as { file: { path: string } }).file.path
    }
    const config = site.write('c/torch.yaml', 'tasks: ../config\n')
    expect(await ask({})).toBe('tasks.yaml')
    expect(await ask({ TORCH_CONFIG: config })).toBe(path.join(site.folder, 'config'))
    expect(await ask({ TORCH_TASKS: 'variable' }, '--config', config)).toBe('variable')
    expect(await ask({ TORCH_TASKS: 'variable' }, '--tasks', 'flag')).toBe('flag')
  })
})
