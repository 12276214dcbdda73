import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { variableName } from '../../src/cli/args/options.ts'
import { commands } from '../../src/cli/commands.ts'
import { homePaths } from '../../src/daemon/settings.ts'
import { exitStatus } from '../../src/errors.ts'
import { outcomes } from '../../src/plan/history-row.ts'
import { keysOfFile, keysOfTask } from '../../src/tasks/file/json-schema.ts'
import { root } from '../support/torch.ts'

const names = ['torch.1', 'torch-tasks.5'] as const
const pages = Object.fromEntries(
  names.map((name) => [name, fs.readFileSync(path.join(root, 'dist/man', name), 'utf8')]),
)

/** As a terminal shows it, without bold and underlined characters; wide enough to break nothing. */
function rendered(page: string, columns = 1000): string {
  const { stdout, status, stderr } = spawnSync(
    'groff',
    ['-man', '-ww', '-Tascii', '-P-c', '-P-b', '-P-u', `-rLL=${columns}n`],
    { input: page },
  )
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
  return stdout.toString()
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--help']).error === undefined
}

const hasGroff = isInstalled('groff')

describe.each(names)('the manual page %s', (name) => {
  const page = pages[name] ?? ''

  test.skipIf(!isInstalled('mandoc'))(`mandoc finds no fault in ${name} (needs mandoc)`, () => {
    const { stdout, stderr } = spawnSync('mandoc', ['-Tlint', '-Wall'], { input: page })
    expect([stdout.toString(), stderr.toString()]).toEqual(['', ''])
  })

  test.skipIf(!hasGroff)(`${name} fits a terminal of 80 columns (needs groff)`, () => {
    const lines = rendered(page, 78).split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(lines.length).toBeGreaterThan(300)
    // No word is hyphenated: it might be one to be typed.
    const broken = [...lines.join('\n').matchAll(/([a-z]+)-\n +([a-z]+)/g)].map(
      (each) => `${each[1]}${each[2]}`,
    )
    const words = rendered(page).split(/[^a-z]+/)
    expect(broken.filter((word) => words.includes(word))).toEqual([])
  })

  test(`${name} has no Markdown left in it, and only ASCII`, () => {
    const filled = page.replaceAll(/^\.EX$[^]*?^\.EE$/gm, '')
    expect(filled).not.toMatch(/\*\*|\]\(|^#+ |^\||^- |<!--/m)
    expect(page).not.toMatch(/[^\n -~]/)
  })

  test(`npm installs ${name} from the package`, () => {
    const { man, files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      man: string[]
      files: string[]
    }
    expect(man).toContain(`./dist/man/${name}`)
    expect(files).toContain('dist')
  })
})

describe.skipIf(!hasGroff)('torch.1 (needs groff)', () => {
  const text = hasGroff ? rendered(pages['torch.1'] ?? '') : ''

  test.each(commands)('torch.1 describes torch $name as its help does', (command) => {
    const own = text.split(`\n   torch ${command.name}\n`)[1] ?? ''
    const flat = own.replaceAll(/\s+/g, ' ')
    expect(flat).toContain(`torch ${command.name} ${command.usage}`.trimEnd() + ' [OPTIONS]')
    expect(flat).toContain(command.description)
    for (const option of command.options) expect(flat).toContain(`--${option}`)
    for (const [typed, effect] of command.examples)
      expect(flat).toContain(`torch ${typed}: ${effect}`)
  })

  test('torch.1 has every variable, file of the home, exit status and signal', () => {
    for (const option of ['home', 'tasks', 'grace', 'log-level', 'lines'] as const)
      expect(text).toMatch(new RegExp(`\n +${variableName(option)}\n +option: --${option}`))
    // torch sets this one in runs; it is not an option.
    expect(text).not.toMatch(/\n {7}TORCH_HOST\n/)
    const files = Object.values(homePaths('/')).map((file) => path.basename(file))
    for (const file of files) expect(text).toContain(file)
    for (const status of Object.values(exitStatus))
      expect(text).toMatch(new RegExp(`\n {7}${status} +\\w`))
    for (const signal of ['TERM, INT', 'USR2', 'HUP', 'USR1'])
      expect(text).toMatch(new RegExp(`\n {7}${signal}\\s`))
  })
})

describe.skipIf(!hasGroff)('torch-tasks.5 (needs groff)', () => {
  const text = hasGroff ? rendered(pages['torch-tasks.5'] ?? '') : ''
  const flat = text.replaceAll(/\s+/g, ' ')

  test.each([...keysOfFile(), ...keysOfTask()])(
    'torch-tasks.5 explains the key $path',
    ({ path: key, form, preset, meaning }) => {
      const without = preset === null ? '' : ` default: ${preset};`
      const told = meaning.replaceAll('`', '').replaceAll(/\s+/g, ' ')
      expect(flat).toContain(`${key} value: ${form};${without} meaning: ${told}`)
    },
  )

  test.each(outcomes)('torch-tasks.5 explains the outcome %s', (outcome) => {
    expect(text).toMatch(new RegExp(`\n       ${outcome}\\s`))
  })

  test('torch-tasks.5 has the example, to be copied as it stands', () => {
    const lines = fs
      .readFileSync(path.join(root, 'tasks.example.yaml'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `           ${line}`))
    expect(text).toContain(lines.join('\n'))
  })

  test('torch-tasks.5 explains durations, schedules and hosts', () => {
    for (const words of [
      '2w',
      '512kB',
      '@every 90s',
      '0 0 * * 5#2',
      'web-*, db?.example.com',
      '!web',
    ])
      expect(text).toContain(words)
  })
})
