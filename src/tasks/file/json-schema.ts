import { z } from 'zod'
import { tasksFileSchema } from './schema.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** The JSON Schema of what people write, for editors: made of the schema that checks it. */
export function tasksJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(tasksFileSchema, {
    io: 'input',
    // The newest that the YAML server of editors knows in each of its versions.
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      // zod leaves out a `default` where the text is read into another value: a duration.
      if (jsonSchema['preset'] !== undefined) jsonSchema.default = jsonSchema['preset']
      delete jsonSchema['preset']
    },
  })
  return {
    ...schema,
    title: 'Tasks file of torch',
    // Keys that hold anchors: see tree.ts.
    patternProperties: { '^x-': {} },
  }
}
