import { z } from 'zod'
import { tasksFileSchema } from './schema.ts'

/** The JSON Schema of what people write, for editors: made of the schema that checks it. */
export function tasksJsonSchema(): object {
  const schema = z.toJSONSchema(tasksFileSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  })
  return {
    ...schema,
    title: 'Tasks file of torch',
    // Keys that hold anchors: see tree.ts.
    patternProperties: { '^x-': {} },
  }
}
