/** Where a value is in the file: keys of maps and indexes of lists, from the top. */
export type Path = readonly (string | number)[]

/** `tasks.backup.schedule[1]` */
export function showPath(path: Path): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
}
