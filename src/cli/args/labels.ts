/** A label that is asked for: its name, and what it is to be. */
export type Label = readonly [name: string, value: string]

/** Those that have all of the labels. */
export function withLabels<T extends { readonly labels: Readonly<Record<string, string>> }>(
  tasks: readonly T[],
  wanted: readonly Label[] = [],
): T[] {
  return tasks.filter(({ labels }) =>
    wanted.every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value),
  )
}

/** What is said where none is left. */
export const noneHas = 'no task has these labels'

/** `team=data, tier=1` */
export function labelWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
