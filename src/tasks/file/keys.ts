import { type JsonSchema, tasksJsonSchema } from './json-schema.ts'

/** A key of the tasks file, as people are told of it. */
export interface Key {
  /** Within a task `retry.attempts`. */
  readonly path: string
  /** What its value is, in a few words. */
  readonly form: string
  /** What it is where nothing is said, as it would be written; null for none. */
  readonly preset: string | null
  readonly meaning: string
}

/** The keys of the file itself. */
export function keysOfFile(): Key[] {
  return within(tasksJsonSchema()).map(([path, schema]) => keyOf(path, schema))
}

/** The keys of a task, those of its maps with a dot. */
export function keysOfTask(): Key[] {
  const tasks = within(tasksJsonSchema()).find(([name]) => name === 'tasks')?.[1]
  return keysIn(tasks?.additionalProperties, '')
}

function keysIn(schema: JsonSchema | boolean | undefined, around: string): Key[] {
  return within(schema).flatMap(([name, inner]) =>
    inner.properties === undefined
      ? [keyOf(around + name, inner)]
      : keysIn(inner, `${around}${name}.`),
  )
}

function within(schema: JsonSchema | boolean | undefined): [string, JsonSchema][] {
  const properties = typeof schema === 'object' ? schema.properties : undefined
  return Object.entries(properties ?? {}).flatMap(([name, inner]) =>
    typeof inner === 'object' ? [[name, inner]] : [],
  )
}

function keyOf(path: string, schema: JsonSchema): Key {
  const { default: preset, description: meaning = '' } = schema
  const written = typeof preset === 'string' ? preset : JSON.stringify(preset)
  return { path, form: formOf(schema), preset: preset === undefined ? null : written, meaning }
}

/** Its title, where the form needs words of its own. */
function formOf({ title, type, enum: choices, minimum, maximum }: JsonSchema): string {
  if (title !== undefined) return title
  if (choices !== undefined) return choices.join(', ')
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  return words[String(type)] ?? ''
}

const words: Readonly<Record<string, string>> = {
  array: 'list',
  boolean: 'true, false',
  integer: 'whole number',
  object: 'map',
  string: 'text',
}
