import { optionsOf } from '../command.ts'
import { commands, insteadOfCommands } from '../commands.ts'
import type { Thing } from '../args/option.ts'
import {
  aliasOf,
  commonOptions,
  helpOption,
  type OptionName,
  optionNames,
  options,
} from '../args/options.ts'
import { importFormats } from '../../import/imported.ts'
import type { Before } from './before.ts'
import { shells } from './shells.ts'

/** What may stand at the cursor. */
export interface Candidate {
  readonly value: string
  /** In a few words; '' where there is nothing to say. */
  readonly about: string
}

export interface Offer {
  readonly candidates: readonly Candidate[]
  /** What the shell is to add itself, which knows how to complete paths. */
  readonly paths: 'none' | 'files' | 'folders'
}

/** Finds the names of a kind of thing that there are. */
export type LookUp = (thing: Extract<Thing, string>, before: Before) => Promise<Candidate[]>

/**
 * What may stand at the cursor, by what stands before it: commands, their options, the values of
 * these, and their words. All of it follows from the tables of commands and options.
 */
export async function offerAt(before: Before, current: string, lookUp: LookUp): Promise<Offer> {
  const { awaits, onlyWords, command, words } = before
  if (awaits !== undefined) return thingsOf([options[awaits]], before, lookUp)
  const [, flag = '', name] = (!onlyWords && /^(--([\w-]+)=)/.exec(current)) || []
  const valued = optionNames.find((each) => each === name)
  if (valued !== undefined) return prefixed(flag, await thingsOf([options[valued]], before, lookUp))
  if (!onlyWords && current.startsWith('-')) return optionsOffered(before, current)
  if (command === undefined) return commandsOffered(words)
  const usage = commands[command]?.words ?? ''
  const offer = await thingsOf(thingsAt(usage, words.length), before, lookUp)
  const fresh = offer.candidates.filter(({ value }) => !words.includes(value))
  if (offer.paths !== 'none' || fresh.length > 0 || onlyWords)
    return { ...offer, candidates: fresh }
  return current === '' ? optionsOffered(before, current) : nothing
}

/** What the words of a command's usage stand for; those in small letters stand for themselves. */
export const wordThings: Readonly<Record<string, Thing>> = {
  TASK: 'task',
  RUN: 'run',
  FILE: 'file',
  F: 'file',
  REV: 'revision',
  SHELL: shells,
  FORMAT: importFormats,
}

/** What may be the word with that number (from 0) of a command: `[TASK...]`, `TASK|RUN`, `[REV [REV]]`. */
export function thingsAt(usage: string, index: number): { readonly thing?: Thing }[] {
  const places = usage.replaceAll(/[[\]()]/g, '').split(' ')
  const last = places.at(-1) ?? ''
  const place = places[index] ?? (last.endsWith('...') ? last : '')
  const names = place.replace('...', '').split('|')
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const thing = name === name.toUpperCase() ? wordThings[name] : [name]
      return thing === undefined ? {} : { thing }
    })
}

const nothing: Offer = { candidates: [], paths: 'none' }

async function thingsOf(
  those: readonly { readonly thing?: Thing }[],
  before: Before,
  lookUp: LookUp,
): Promise<Offer> {
  const candidates: Candidate[] = []
  let { paths } = nothing
  for (const { thing } of those) {
    if (thing === undefined) continue
    if (thing === 'file') paths = 'files'
    else if (thing === 'folder') paths = 'folders'
    else if (typeof thing === 'string') candidates.push(...(await lookUp(thing, before)))
    else candidates.push(...thing.map((value) => ({ value, about: '' })))
  }
  return { candidates, paths }
}

function prefixed(flag: string, { candidates, paths }: Offer): Offer {
  return { candidates: candidates.map((each) => ({ ...each, value: flag + each.value })), paths }
}

function commandsOffered(words: readonly string[]): Offer {
  const [first, ...more] = words
  if (first !== undefined && (first !== 'help' || more.length > 0)) return nothing
  const known = Object.entries(commands).map(([value, { summary }]) => ({ value, about: summary }))
  return { candidates: first === undefined ? [...known, ...asides()] : known, paths: 'none' }
}

function asides(): Candidate[] {
  return Object.entries(insteadOfCommands).map(([value, about]) => ({ value, about }))
}

/** Letters only where nothing but the dash is there: the names say more. */
async function optionsOffered({ command, raw }: Before, current: string): Promise<Offer> {
  const loaded = command === undefined ? undefined : await commands[command]?.load()
  const names = loaded === undefined ? commonOptions : optionsOf(loaded)
  const open = names.filter((name) => raw[name] === undefined || options[name].kind === 'list')
  const candidates = open.flatMap((name) => {
    const alias = current === '-' ? aliasOf(name) : undefined
    const about = optionWords(name)
    return [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])].map((value) => ({
      value,
      about,
    }))
  })
  const help = { value: `--${helpOption.name}`, about: helpOption.words }
  const others =
    loaded === undefined ? asides().filter(({ value }) => value.startsWith('-')) : [help]
  return { candidates: [...candidates, ...others], paths: 'none' }
}

/** As in the help. */
function optionWords(name: OptionName): string {
  const { value, words } = options[name]
  return value === '' ? words : `${value}: ${words}`
}
