import { z } from 'zod'
import { tasksJsonSchema } from '../../src/tasks/file/json-schema.ts'

/** What an editor would say about a tasks file, from the JSON Schema. */
export const schemaChecker = z.fromJSONSchema(
  JSON.parse(JSON.stringify(tasksJsonSchema(), withoutRequired)),
)

/** zod cannot read an `anyOf` beside `properties`: that a task has a command or a script is not checked. */
function withoutRequired(key: string, value: unknown): unknown {
  return key === 'anyOf' && JSON.stringify(value).startsWith('[{"required"') ? undefined : value
}
