/**
 * The names of the tasks of a text in the form that nearly every tasks file has: a line for each,
 * all indented alike below `tasks:`. Much faster than a parser of YAML, and never wrong: undefined
 * where the text has another form.
 */
export function plainNames(text: string): string[] | undefined {
  const lines = text.split(/\r?\n/)
  const start = lines.findIndex((line) => /^tasks:\s*(?:#.*)?$/.test(line))
  if (start === -1) return undefined
  const names: string[] = []
  let indent: string | undefined
  for (const line of lines.slice(start + 1)) {
    if (/^\s*(?:#.*)?$/.test(line)) continue
    // The next top-level key, or the end of the document.
    if (/^\S/.test(line)) break
    const { name } = keyLine.exec(line)?.groups ?? {}
    indent ??= /^ */.exec(line)?.[0] ?? ''
    if (/^ *\t/.test(line) || !line.startsWith(indent)) return undefined
    // Within a task.
    if (line.startsWith(`${indent} `)) continue
    if (name === undefined) return undefined
    names.push(name)
  }
  return names
}

/** A task's name, in quotes or not. */
const keyLine = /^ *(?<quote>["']?)(?<name>[A-Za-z0-9][\w.-]*)\k<quote>:(?:\s|$)/
