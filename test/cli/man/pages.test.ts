import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { readMarkdown } from '../../../src/cli/man/markdown.ts'
import { tasksPage } from '../../../src/cli/man/tasks-page.ts'
import { torchPage } from '../../../src/cli/man/torch-page.ts'
import { describeOption } from '../../../src/cli/help.ts'
import { variableName } from '../../../src/cli/args/options.ts'
import { exitStatus } from '../../../src/errors.ts'
import { homePaths } from '../../../src/daemon/settings.ts'
import { outcomes } from '../../../src/plan/history-row.ts'
import { keysOfFile, keysOfTask } from '../../../src/tasks/file/json-schema.ts'
import { readmeText } from '../../docs/readme.ts'
import { root } from '../../support/torch.ts'

const exampleText = fs.readFileSync(path.join(root, 'tasks.example.yaml'), 'utf8')
const sources = {
  readme: readMarkdown(readmeText),
  summary: 'Second-level cron',
  version: '1.2.3',
  date: '2026-11-21',
}
const pages = {
  'torch.1': torchPage(sources),
  'torch-tasks.5': tasksPage(sources, exampleText),
}

/** Wide enough that nothing is broken, without a terminal's bold and underlined characters. */
function rendered(page: string, columns = 1000): string {
  const { stdout, status, stderr } = spawnSync(
    'groff',
    ['-man', '-ww', '-Tascii', '-P-c', '-P-b', '-P-u', `-rLL=${columns}n`],
    { input: page },
  )
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
  return stdout.toString()
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--help']).error === undefined
}

describe.each(Object.entries(pages))('%s', (name, page) => {
  test.skipIf(!isThere('mandoc'))(
    'mandoc finds no fault in it (skipped where there is none)',
    () => {
      const { stdout, stderr } = spawnSync('mandoc', ['-Tlint', '-Wall'], { input: page })
      expect([stdout.toString(), stderr.toString()]).toEqual(['', ''])
    },
  )

  test.skipIf(!isThere('groff'))('fits a terminal of 80 columns (skipped without groff)', () => {
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

  test('has no marks of Markdown, and nothing but ASCII', () => {
    const filled = page.replaceAll(/^\.EX$[^]*?^\.EE$/gm, '')
    expect(filled).not.toMatch(/\*\*|\]\(|^#+ |^\||^- |<!--/m)
    expect(page).not.toMatch(/[^\n -~]/)
  })

  test('is in the package, as a page that npm installs', () => {
    const { man, files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      man: string[]
      files: string[]
    }
    expect(man).toContain(`./dist/man/${name}`)
    expect(files).toContain('dist')
  })

  test('is what the build writes, but for version, date and summary', () => {
    const built = fs.readFileSync(path.join(root, 'dist/man', name), 'utf8')
    const body = (text: string) => text.slice(text.indexOf('\n.SH', text.indexOf('.SH NAME') + 1))
    expect(body(built)).toBe(body(page))
    expect(built).toMatch(/^\.TH \S+ \d \d{4}-\d\d-\d\d "torch \d+\.\d+\.\d+" "torch manual"\n/)
  })
})

describe.skipIf(!isThere('groff'))('torch.1 (skipped without groff)', () => {
  const text = isThere('groff') ? rendered(pages['torch.1']) : ''

  test.each(commands)('$name: as in its help', (command) => {
    const head = `   torch ${command.name} ${command.usage}`.trimEnd()
    const own = text.slice(text.indexOf(`\n${head}\n`)).split(/\n(?= {0,3}\S)/)[1] ?? ''
    const flat = own.replaceAll(/\s+/g, ' ')
    expect(flat).toContain(command.description)
    for (const option of command.options) expect(flat).toContain(describeOption(option))
    for (const [typed, effect] of command.examples)
      expect(own).toContain(`\n       torch ${typed}\n              ${effect}\n`)
  })

  test('every variable, file of the home, exit status and signal', () => {
    for (const option of ['home', 'tasks', 'grace', 'log-level', 'lines'] as const)
      expect(text).toMatch(new RegExp(`\n       ${variableName(option)}\n +--${option} of `))
    // It is set in runs, and never an option.
    expect(text).not.toMatch(/\n {7}TORCH_HOST\n/)
    const names = Object.values(homePaths('/')).map((file) => path.basename(file))
    for (const file of names) expect(text).toContain(file)
    for (const status of Object.values(exitStatus))
      expect(text).toMatch(new RegExp(`\n {7}${status} +\\w`))
    for (const signal of ['TERM, INT', 'USR2', 'HUP', 'USR1'])
      expect(text).toMatch(new RegExp(`\n {7}${signal}\\s`))
  })
})

describe.skipIf(!isThere('groff'))('torch-tasks.5 (skipped without groff)', () => {
  const text = isThere('groff') ? rendered(pages['torch-tasks.5']) : ''

  test.each([...keysOfFile(), ...keysOfTask()])(
    'the key $path',
    ({ path: key, form, preset, meaning }) => {
      const told = meaning.replaceAll('`', '')
      const without = preset === null ? '' : `  Default: ${preset}.`
      expect(text).toContain(`\n       ${key}: ${form}\n              ${told}.${without}\n`)
    },
  )

  test.each(outcomes)('the outcome %s', (outcome) => {
    expect(text).toMatch(new RegExp(`\n       ${outcome}\\s`))
  })

  test('the example, to be copied as it stands', () => {
    const lines = exampleText
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `           ${line}`))
    expect(text).toContain(lines.join('\n'))
  })

  test('what needs no explanation elsewhere: durations, schedules, hosts', () => {
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
