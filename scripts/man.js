// Writes dist/man/torch.1 and dist/man/torch-tasks.5, at each build, from the reference (which is
// made of the descriptors of the commands and the JSON Schema) and the pages in docs/.
import fs from 'node:fs'
import path from 'node:path'
import { cliReference, keysReference } from './reference.js'
import { example, lex, manPage, roff } from './roff.js'

const root = path.join(import.meta.dirname, '..')
const { version, description } = JSON.parse(read('package.json'))
// See https://reproducible-builds.org/specs/source-date-epoch/
const seconds = process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1000
const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 10)

const torchPage = manPage(
  {
    name: 'torch',
    section: 1,
    summary: description.charAt(0).toLowerCase() + description.slice(1),
    version,
    date,
  },
  [
    ...markdown('# Synopsis', '`torch` _COMMAND_ [_ARGUMENTS_] [_OPTIONS_]'),
    '.br',
    ...roff(lex('`torch help` _COMMAND_')).slice(1),
    '.br',
    ...roff(lex('`torch --help`')).slice(1),
    '.br',
    ...roff(lex('`torch --version`')).slice(1),
    ...markdown(
      '# Description',
      'torch is a second-level cron for many machines, without a server. All machines have the same tasks file, and a daemon on each runs its share of it. The tasks file is described in torch-tasks(5).',
    ),
    ...roff(lex(cliReference()), 2),
    ...sectionOf('operating.md', 'Options'),
    ...sectionOf('operating.md', 'Files in the home'),
    ...sectionOf('monitoring.md', 'The log'),
    ...sectionOf('operating.md', 'Exit statuses'),
    ...sectionOf('operating.md', 'Signals'),
    ...pageOf('reliability.md'),
    ...markdown(
      '# See also',
      '**torch-tasks**(5), **crontab**(5), **systemd.service**(5), **signal**(7)',
    ),
  ],
)

const tasksPage = manPage(
  {
    name: 'torch-tasks',
    section: 5,
    summary: 'the tasks file of torch: what runs where and when',
    version,
    date,
  },
  [
    ...pageOf('tasks-file.md'),
    ...roff(lex(keysReference())),
    ...pageOf('schedules.md'),
    ...pageOf('runs.md'),
    ...sectionOf('operating.md', 'Who may write the tasks file'),
    ...markdown('# Examples', 'The file `tasks.example.yaml` of the package:'),
    ...example(read('tasks.example.yaml').trimEnd()),
    ...markdown('# See also', '**torch**(1), **crontab**(5), **setrlimit**(2), **tzfile**(5)'),
  ],
)

fs.mkdirSync(path.join(root, 'dist/man'), { recursive: true })
fs.writeFileSync(path.join(root, 'dist/man/torch.1'), torchPage)
fs.writeFileSync(path.join(root, 'dist/man/torch-tasks.5'), tasksPage)

function markdown(...blocks) {
  return roff(lex(blocks.join('\n\n')))
}

/** A whole page of docs/. */
function pageOf(name) {
  return roff(lex(read(`docs/${name}`)))
}

/** One section of a page in docs/, with what is below it. Throws if there is no such section. */
function sectionOf(name, title) {
  const file = `docs/${name}`
  const tokens = lex(read(file))
  const start = tokens.findIndex((token) => token.type === 'heading' && token.text === title)
  if (start === -1) throw new Error(`${file} has no section "${title}"`)
  const { depth } = tokens[start]
  const rest = tokens.slice(start + 1)
  const end = rest.findIndex((token) => token.type === 'heading' && token.depth <= depth)
  return roff([tokens[start], ...(end === -1 ? rest : rest.slice(0, end))], depth)
}

function read(name) {
  return fs.readFileSync(path.join(root, name), 'utf8')
}
