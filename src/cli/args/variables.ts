import type { PathBase } from './option.ts'
import { type OptionName, optionNames } from './options.ts'
import type { Written } from './precedence.ts'

/** What torch itself sets in the runs of tasks. A task may call torch: none of them is an option. */
export const setInRuns = new Set([
  'TORCH_TASK',
  'TORCH_RUN_ID',
  'TORCH_SLOT',
  'TORCH_ATTEMPT',
  'TORCH_HOST',
])

/** The options that stand in the environment as TORCH_<NAME>. An empty variable is not set. */
export function variablesOf(environment: NodeJS.ProcessEnv, base: PathBase): Written {
  const raw: Record<string, string> = {}
  for (const name of optionNames) {
    const variable = variableOf(name)
    const value = environment[variable] ?? ''
    if (value !== '' && !setInRuns.has(variable)) raw[name] = value
  }
  return { from: 'variable', base, raw, called: variableOf }
}

export function variableOf(name: OptionName): string {
  return `TORCH_${name.toUpperCase().replaceAll('-', '_')}`
}
