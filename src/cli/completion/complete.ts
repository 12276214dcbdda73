import type { Host } from '../../host/host.ts'
import { readBefore } from './before.ts'
import { formats } from './formats.ts'
import { type LookUp, offerAt } from './offer.ts'
import type { Shell } from './shells.ts'
import { readTyped } from './typed.ts'

/**
 * What the completion scripts ask: the lines for a shell, by the command line up to the cursor. For
 * bash also its COMP_WORDBREAKS. Never throws: nobody wants an error on the line that he is typing.
 */
export async function complete(
  host: Host,
  [shell = '', line = '', breaks]: readonly (string | undefined)[],
): Promise<string> {
  const typed = readTyped(line, breaks)
  // Commands and options need none of what this loads.
  const lookUp: LookUp = async (...asked) =>
    (await import('./look-up.ts')).lookUpHere(host)(...asked)
  try {
    const offer = await offerAt(readBefore(typed.words), typed.current, lookUp)
    return formats[shell as Shell](offer, typed).join('\n')
  } catch {
    return 'none'
  }
}
