import { type Key, keysOfFile, keysOfTask } from '../../tasks/file/json-schema.ts'
import { type Block, sectionOf } from './markdown.ts'
import { blockRoff, inline, sectionsRoff } from './prose.ts'
import {
  bold,
  example,
  heading,
  italic,
  type Lines,
  literal,
  page,
  paragraph,
  prose,
  tagged,
} from './roff.ts'
import { seeAlso, type Sources } from './torch-page.ts'

/** torch-tasks(5): the keys by the schema, their rules by the README, and the example. */
export function tasksPage({ readme, version, date }: Sources, exampleText: string): string {
  const [file] = sectionOf(readme, 'The tasks file')
  const from = (title: string) => sectionsRoff(sectionOf(readme, title))
  const summary = 'the tasks file of torch: what runs where and when'
  return page({ name: 'torch-tasks', section: 5, summary, version, date }, [
    ...heading('Description'),
    ...file.blocks.flatMap((block) => keysRoff(block) ?? blockRoff(block)),
    ...heading('A directory of files'),
    ...from('A directory of files'),
    ...heading('Schedules'),
    ...from('When a task is due'),
    ...heading('Hosts'),
    ...from('Who runs it'),
    ...heading('Runs'),
    ...from('A run'),
    ...heading('Errors in the file'),
    ...from('When the file is wrong'),
    ...heading('Editors'),
    ...from('In an editor'),
    ...heading('Security'),
    ...from('Who may write it'),
    ...heading('Examples'),
    ...paragraph(prose('The tasks.example.yaml of the package:')),
    ...example(exampleText.trimEnd()),
    ...heading('See also'),
    ...paragraph(seeAlso('torch(1)', 'crontab(5)', 'setrlimit(2)', 'tzfile(5)')),
  ])
}

/** The tables of keys are those of the schema; undefined for another block. */
function keysRoff(block: Block): Lines | undefined {
  if (block.kind !== 'table' || block.heads[0] !== 'key') return undefined
  const keys = block.heads.includes('default') ? keysOfTask() : keysOfFile()
  return keys.flatMap((key) => keyRoff(key))
}

function keyRoff({ path, form, preset, meaning }: Key): Lines {
  const without = preset === null ? '' : `\n${prose('Default:')} ${bold(literal(preset))}.`
  return tagged(`${bold(literal(path))}: ${italic(prose(form))}`, `${inline(meaning)}.${without}`)
}
