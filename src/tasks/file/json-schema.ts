import { z } from 'zod'
import { tasksFileSchema } from './schema.ts'

type JsonSchema = z.core.JSONSchema.BaseSchema

/** The JSON Schema of what people write, for editors. It is made from the schema that checks it. */
export function tasksJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(tasksFileSchema, {
    io: 'input',
    // The newest draft that every version of the YAML language server knows.
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      // zod drops the `default` of a value that is transformed, such as a duration.
      if (jsonSchema['preset'] !== undefined) jsonSchema.default = jsonSchema['preset']
      delete jsonSchema['preset']
    },
  })
  return {
    ...schema,
    title: 'Tasks file of torch',
    // Keys that only hold anchors: see tree.ts.
    patternProperties: { '^x-': {} },
  }
}

/** A key of the tasks file, as the reference shows it. */
export interface Key {
  /** Within a task: `retry.attempts`. */
  readonly path: string
  /** The form of its value, in a few words. */
  readonly form: string
  /** Its default as it would be written; null if it has none. */
  readonly preset: string | null
  readonly meaning: string
}

/** The top-level keys of the file. */
export function keysOfFile(): Key[] {
  return propertiesOf(tasksJsonSchema()).map(([path, schema]) => keyOf(path, schema))
}

/** The keys of a task. Those within a map have a dot. */
export function keysOfTask(): Key[] {
  const tasks = propertiesOf(tasksJsonSchema()).find(([name]) => name === 'tasks')?.[1]
  return keysWithin(tasks?.additionalProperties, '')
}

function keysWithin(schema: JsonSchema | boolean | undefined, prefix: string): Key[] {
  return propertiesOf(schema).flatMap(([name, inner]) => {
    const inside = keysWithin(inner, `${prefix}${name}.`)
    const short = inner.properties === undefined ? [keyOf(prefix + name, inner)] : []
    return [...short, ...inside]
  })
}

function propertiesOf(schema: JsonSchema | boolean | undefined): [string, JsonSchema][] {
  if (typeof schema !== 'object') return []
  // A key with a short form may have the map beside it.
  const { properties = (schema.anyOf ?? []).map((one) => one.properties).find(Boolean) } = schema
  return Object.entries(properties ?? {}).flatMap(([name, inner]) =>
    typeof inner === 'object' ? [[name, inner]] : [],
  )
}

function keyOf(path: string, schema: JsonSchema): Key {
  const { default: preset, description: meaning = '' } = schema
  const written = typeof preset === 'string' ? preset : JSON.stringify(preset)
  return { path, form: formOf(schema), preset: preset === undefined ? null : written, meaning }
}

function formOf({ title, type, enum: choices, minimum, maximum }: JsonSchema): string {
  if (title !== undefined) return title
  if (choices !== undefined) return choices.join(', ')
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  return formNames[String(type)] ?? ''
}

const formNames: Readonly<Record<string, string>> = {
  array: 'list',
  boolean: 'true, false',
  integer: 'whole number',
  object: 'map',
  string: 'text',
}
