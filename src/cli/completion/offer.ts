import { argumentsOf, type Command, optionsOf } from '../command.ts'
import { commands, otherCommands } from '../commands.ts'
import type { Option, ValueType } from '../args/option.ts'
import {
  commonOptions,
  helpOption,
  type OptionName,
  optionNamed,
  optionNames,
} from '../args/options.ts'
import { describeOption } from '../help.ts'
import { importFormats } from '../../import/imported.ts'
import type { Before } from './before.ts'
import { shells } from './shells.ts'

/** What may stand at the cursor. */
export interface Candidate {
  readonly value: string
  /** '' if there is nothing to say. */
  readonly description: string
}

export interface Offer {
  readonly candidates: readonly Candidate[]
  /** What the shell adds itself: it completes paths better than we could. */
  readonly paths: 'none' | 'files' | 'folders'
}

/** Finds the names of a type that exist. */
export type LookUp = (type: ValueType, before: Before) => Promise<Candidate[]>

/** What a value may be: one of some texts, or a name of a type. */
type Values = Pick<Option<unknown>, 'choices'> & { readonly type?: ValueType }

/** What may stand at the cursor, given what stands before it. It all follows from the descriptors. */
export async function offerAt(before: Before, current: string, lookUp: LookUp): Promise<Offer> {
  const { awaits, onlyWords, command, words } = before
  if (awaits !== undefined) return offerValues([optionNamed(awaits)], before, lookUp)
  const [, flag = '', name] = (!onlyWords && /^(--([\w-]+)=)/.exec(current)) || []
  const valued = optionNames.find((each) => each === name)
  if (valued !== undefined)
    return prefixed(flag, await offerValues([optionNamed(valued)], before, lookUp))
  if (!onlyWords && current.startsWith('-')) return offerOptions(before, current)
  if (command === undefined) return offerCommands(words)
  const offer = await offerValues(valuesAt(command, words.length), before, lookUp)
  const fresh = offer.candidates.filter(({ value }) => !words.includes(value))
  if (offer.paths !== 'none' || fresh.length > 0 || onlyWords)
    return { ...offer, candidates: fresh }
  return current === '' ? offerOptions(before, current) : nothing
}

/** What the names of a usage stand for. */
export const argumentValues: Readonly<Record<string, Values>> = {
  TASK: { type: 'task' },
  RUN: { type: 'run' },
  FILE: { type: 'file' },
  REV: { type: 'revision' },
  SHELL: { choices: shells },
  FORMAT: { choices: importFormats },
}

/** What the argument with this index may be; the last one may repeat. */
export function valuesAt(command: Pick<Command, 'usage'>, index: number): Values[] {
  const known = argumentsOf(command)
  const last = known.at(-1)
  const argument = known[index] ?? (last?.isRepeated ? last : undefined)
  const names = argument?.names ?? []
  return names.map((name) => {
    const isLiteral = name !== name.toUpperCase()
    return isLiteral ? { choices: [name] } : (argumentValues[name] ?? {})
  })
}

const nothing: Offer = { candidates: [], paths: 'none' }

async function offerValues(
  values: readonly Values[],
  before: Before,
  lookUp: LookUp,
): Promise<Offer> {
  const candidates: Candidate[] = []
  let { paths } = nothing
  for (const { type, choices } of values) {
    if (choices !== undefined)
      candidates.push(...choices.map((value) => ({ value, description: '' })))
    else if (type === 'file') paths = 'files'
    else if (type === 'directory') paths = 'folders'
    else if (type !== undefined) candidates.push(...(await lookUp(type, before)))
  }
  return { candidates, paths }
}

function prefixed(flag: string, { candidates, paths }: Offer): Offer {
  return { candidates: candidates.map((each) => ({ ...each, value: flag + each.value })), paths }
}

function offerCommands(words: readonly string[]): Offer {
  const [first, ...more] = words
  if (first !== undefined && (first !== 'help' || more.length > 0)) return nothing
  const known = commands.map(({ name, summary }) => ({ value: name, description: summary }))
  return { candidates: first === undefined ? [...known, ...others()] : known, paths: 'none' }
}

function others(): Candidate[] {
  return Object.entries(otherCommands).map(([value, description]) => ({ value, description }))
}

/** Letters only after a bare dash: the names say more. */
function offerOptions({ command, raw }: Before, current: string): Offer {
  const names = command === undefined ? commonOptions : optionsOf(command)
  const open = names.filter((name) => raw[name] === undefined || optionNamed(name).isList)
  const candidates = open.flatMap((name: OptionName) => {
    const { alias } = optionNamed(name)
    const forms = [`--${name}`, ...(alias === undefined || current !== '-' ? [] : [`-${alias}`])]
    return forms.map((value) => ({ value, description: describeOption(name) }))
  })
  const help = { value: `--${helpOption.name}`, description: helpOption.description }
  const rest =
    command === undefined ? others().filter(({ value }) => value.startsWith('-')) : [help]
  return { candidates: [...candidates, ...rest], paths: 'none' }
}
