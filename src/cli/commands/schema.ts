import { exitStatus } from '../../errors.ts'
import type { Call } from '../command.ts'

/** Runs `torch schema`. */
export async function schema({ terminal }: Call): Promise<number> {
  const { tasksJsonSchema } = await import('../../tasks/file/json-schema.ts')
  await terminal.say(JSON.stringify(tasksJsonSchema(), null, 2))
  return exitStatus.done
}
