import { BadValue, type PathBase, usageError } from './option.ts'
import { type OptionName, options, type Values } from './options.ts'

/** Where a value comes from: what is further left wins. */
type From = 'flag' | 'variable' | 'config'

export interface Settled {
  readonly values: Values
  readonly from: { readonly [N in OptionName]?: From }
}

/** What was written in one place, by option: text, true or false, or a list of these. */
export interface Written {
  readonly from: From
  readonly base: PathBase
  readonly raw: Readonly<Record<string, unknown>>
  /** How an option is called there: `--grace`, `TORCH_GRACE`. */
  readonly called: (name: OptionName) => string
}

/**
 * The options of one command: of each the first place that has it. Throws the usage error for a
 * value that is not what its option takes; `helpWords` show what it does take.
 */
export function settle(
  names: readonly OptionName[],
  places: readonly Written[],
  helpWords: string,
): Settled {
  const values: Record<string, unknown> = {}
  const from: Record<string, From> = {}
  for (const name of names) {
    const place = places.find(({ raw }) => raw[name] !== undefined)
    if (place === undefined) continue
    values[name] = read(name, place, helpWords)
    from[name] = place.from
  }
  return { values, from }
}

/** What was written there but for some options, which are not even looked at. */
export function without(written: Written, names: readonly OptionName[]): Written {
  const ignored: readonly string[] = names
  const entries = Object.entries(written.raw).filter(([name]) => !ignored.includes(name))
  return { ...written, raw: Object.fromEntries(entries) }
}

function read(name: OptionName, { raw, base, called }: Written, helpWords: string): unknown {
  try {
    return options[name].read(textsOf(raw[name]), base)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    throw usageError(`${called(name)}: ${error.message}`, error.hint ?? helpWords)
  }
}

function textsOf(raw: unknown): string[] {
  if (Array.isArray(raw)) return raw.flatMap(textsOf)
  if (typeof raw === 'string') return [raw]
  if (typeof raw === 'number' || typeof raw === 'boolean') return [String(raw)]
  throw new BadValue('expected text, a number, true or false')
}
