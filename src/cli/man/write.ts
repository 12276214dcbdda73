import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { thisMachine } from '../../host/host.ts'
import { readMarkdown } from './markdown.ts'
import { tasksPage } from './tasks-page.ts'
import { torchPage } from './torch-page.ts'

/**
 * The manual, written beside the compiled files at each build: of the sources of the help and of
 * the schema, and of the README for what these do not say.
 */
const { files, clock } = thisMachine()
const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = path.join(root, 'dist/man')
const { version, description: summary } = JSON.parse(read('package.json')) as {
  version: string
  description: string
}
// As https://reproducible-builds.org/specs/source-date-epoch/ has it.
const seconds = process.env['SOURCE_DATE_EPOCH'] ?? clock.now() / 1000
const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 10)
const sources = { readme: readMarkdown(read('README.md')), summary, version, date }

files.makeDirectory(folder, 0o755)
write('torch.1', torchPage(sources))
write('torch-tasks.5', tasksPage(sources, read('tasks.example.yaml')))

function read(name: string): string {
  const text = files.readText(path.join(root, name))
  if (text === undefined) throw new Error(`${name} is not there`)
  return text
}

function write(name: string, text: string): void {
  files.write(path.join(folder, name), text, 0o644)
}
