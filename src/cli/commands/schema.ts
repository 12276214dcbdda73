import { exitStatus } from '../../errors.ts'
import type { Command } from '../command.ts'

export const schema: Command = {
  words: '',
  mostWords: 0,
  leastWords: 0,
  options: [],
  // It is JSON anyway.
  flagsOnly: ['json'],
  about: `The JSON Schema of tasks files. Editors that know it complete and check while you type:
the first line of a file may be
# yaml-language-server: $schema=tasks.schema.json`,
  examples: [['schema > tasks.schema.json', 'for the editor']],
  async run({ terminal }) {
    const { tasksJsonSchema } = await import('../../tasks/file/json-schema.ts')
    await terminal.say(JSON.stringify(tasksJsonSchema(), null, 2))
    return exitStatus.done
  },
}
