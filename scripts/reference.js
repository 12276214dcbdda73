// npm run reference: writes docs/reference/cli.md from the descriptors of the commands, and
// docs/reference/keys.md from the JSON Schema of the tasks file. With --check it only says, by its
// exit status, whether both are up to date. It reads dist, so build first.
import fs from 'node:fs'
import path from 'node:path'
import { groups, optionsOf } from '../dist/cli/command.js'
import { commands } from '../dist/cli/commands.js'
import {
  commonOptions,
  helpOption,
  optionNamed,
  optionNames,
  variableName,
} from '../dist/cli/args/options.js'
import { variablesSource } from '../dist/cli/args/precedence.js'
import { keysOfFile, keysOfTask } from '../dist/tasks/file/json-schema.js'

const folder = path.join(import.meta.dirname, '../docs/reference')
const head = '<!-- Written by npm run reference. Do not edit. -->'
const titles = {
  daemon: 'Control the daemon',
  look: 'Look',
  act: 'Act',
  file: 'Work on the tasks file',
  setup: 'Set up',
}

/** What docs/reference/cli.md is to contain. */
export function cliReference() {
  const body = groups.flatMap((group) => [
    `## ${titles[group]}`,
    ...commands.filter((command) => command.group === group).map(commandSection),
  ])
  return page('Commands', [
    `Every command also takes the [common options](#common-options). Options may stand before or after the arguments; after \`--\` everything is an argument. \`torch COMMAND --help\` prints what this page says about a command.`,
    ...body,
    '## Common options',
    optionList([...commonOptions]),
    `- \`-${helpOption.alias}\`, \`--${helpOption.name}\`: ${helpOption.description}`,
    '## Variables',
    'Each variable sets an option. The command line wins over a variable, and a variable wins over a config file, which has the same options as keys.',
    table(
      ['variable', 'option', 'commands'],
      optionNames.flatMap((name) => {
        const takers = takersOf(name)
        const variable = variableName(name)
        if (takers === '' || !isRead(name, variable)) return []
        return [[`\`${variable}\``, `\`--${name}\``, takers]]
      }),
    ),
  ])
}

/** What docs/reference/keys.md is to contain. */
export function keysReference() {
  const row = ({ path: key, form, preset, meaning }) => [
    `\`${key}\``,
    form,
    preset === null ? '' : `\`${preset}\``,
    meaning,
  ]
  const heads = ['key', 'value', 'default', 'meaning']
  return page('Keys of the tasks file', [
    'The rules for durations, sizes, names and paths are in [The tasks file](../tasks-file.md#rules).',
    '## The file',
    table(heads, keysOfFile().map(row)),
    '## A task',
    table(heads, keysOfTask().map(row)),
  ])
}

function commandSection(command) {
  const { name, usage, description, examples } = command
  const options = command.options.length === 0 ? [] : ['Options:', optionList(command.options)]
  const shown = examples.map(([typed, effect]) => `- \`torch ${typed}\`: ${effect}`)
  return [
    `### torch ${name}`,
    `\`${`torch ${name} ${usage}`.trimEnd()} [OPTIONS]\``,
    description.replaceAll(/\[|\*/g, String.raw`\$&`).replace(/# yaml.*json/, '`$&`'),
    ...options,
    'Examples:',
    shown.join('\n'),
  ].join('\n\n')
}

function optionList(names) {
  const lines = names.map((name) => {
    const { alias, type, preset, description } = optionNamed(name)
    const forms = [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`]
    const value = type === 'boolean' ? '' : ` _${type}_`
    const without = preset === undefined ? '' : ` (default: ${preset})`
    return `- ${forms.map((form) => `\`${form}\``).join(', ')}${value}: ${description}${without}`
  })
  return lines.join('\n')
}

/** TORCH_HOST is set in runs, so it is not the variable of --host. */
function isRead(name, variable) {
  const { raw } = variablesSource({ [variable]: 'x' }, { folder: '/', userHome: '/' })
  return raw[name] !== undefined
}

/** The commands that read an option from its variable. */
function takersOf(name) {
  if (commonOptions.includes(name)) return 'all'
  const takers = commands.filter(
    (command) => optionsOf(command).includes(name) && !command.flagsOnly?.includes(name),
  )
  return takers.map((command) => command.name).join(', ')
}

function table(heads, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

function page(title, parts) {
  return `${[`# ${title}`, head, ...parts].join('\n\n')}\n`.replaceAll('\n\n- `-h`', '\n- `-h`')
}

if (process.argv[1] === import.meta.filename) {
  const pages = { 'cli.md': cliReference(), 'keys.md': keysReference() }
  const isCheck = process.argv.includes('--check')
  for (const [name, text] of Object.entries(pages)) {
    const file = path.join(folder, name)
    const isSame = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text
    if (isSame) continue
    if (isCheck) {
      process.stderr.write(`docs/reference/${name} is out of date: npm run reference\n`)
      process.exitCode = 1
    } else {
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(file, text)
    }
  }
}
