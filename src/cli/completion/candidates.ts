import { argumentsOf, type Command, optionsOf } from '../command.ts'
import { commands, otherCommands } from '../commands.ts'
import { fleetActions } from '../commands/fleet/actions.ts'
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
import { shells } from './shells.ts'
import type { LineSoFar } from './typed-line.ts'

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
export type LookUp = (type: ValueType, line: LineSoFar) => Promise<Candidate[]>

/** What a value may be: one of some texts, or a name of a type. */
type Values = Pick<Option<unknown>, 'choices'> & { readonly type?: ValueType }

/** What may stand at the cursor, given what stands before it. It all follows from the descriptors. */
export async function offerAt(line: LineSoFar, current: string, lookUp: LookUp): Promise<Offer> {
  const { awaits, onlyArguments, command, args } = line
  if (awaits !== undefined) return offerValues([optionNamed(awaits)], line, lookUp)
  const [, flag = '', name] = (!onlyArguments && /^(--([\w-]+)=)/.exec(current)) || []
  const valued = optionNames.find((each) => each === name)
  if (valued !== undefined)
    return prefixed(flag, await offerValues([optionNamed(valued)], line, lookUp))
  if (!onlyArguments && current.startsWith('-')) return offerOptions(line, current)
  if (command === undefined) return offerCommands(args)
  const offer = await offerValues(valuesAt(command, args.length), line, lookUp)
  const fresh = offer.candidates.filter(({ value }) => !args.includes(value))
  if (offer.paths !== 'none' || fresh.length > 0 || onlyArguments)
    return { ...offer, candidates: fresh }
  return current === '' ? offerOptions(line, current) : nothing
}

/** What the names of a usage stand for. */
export const argumentValues: Readonly<Record<string, Values>> = {
  TASK: { type: 'task' },
  RUN: { type: 'run' },
  LINE: {},
  /** Of a target of messages: only the tasks file has it. */
  NAME: {},
  FILE: { type: 'file' },
  REV: { type: 'revision' },
  SHELL: { choices: shells },
  FORMAT: { choices: importFormats },
  VERB: { choices: fleetActions },
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
  line: LineSoFar,
  lookUp: LookUp,
): Promise<Offer> {
  const candidates: Candidate[] = []
  let { paths } = nothing
  for (const { type, choices } of values) {
    if (choices !== undefined)
      candidates.push(...choices.map((value) => ({ value, description: '' })))
    else if (type === 'file') paths = 'files'
    else if (type === 'directory') paths = 'folders'
    else if (type !== undefined) candidates.push(...(await lookUp(type, line)))
  }
  return { candidates, paths }
}

function prefixed(flag: string, { candidates, paths }: Offer): Offer {
  return { candidates: candidates.map((each) => ({ ...each, value: flag + each.value })), paths }
}

function offerCommands(args: readonly string[]): Offer {
  const [first, ...more] = args
  if (first !== undefined && (first !== 'help' || more.length > 0)) return nothing
  const known = commands.map(({ name, summary }) => ({ value: name, description: summary }))
  return { candidates: first === undefined ? [...known, ...others()] : known, paths: 'none' }
}

function others(): Candidate[] {
  return Object.entries(otherCommands).map(([value, description]) => ({ value, description }))
}

/** Letters only after a bare dash: the names say more. */
function offerOptions({ command, raw }: LineSoFar, current: string): Offer {
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
