import { exitStatus } from '../../../errors.ts'
import type { Command } from '../../command.ts'
import { usageError } from '../../args/option.ts'

/** The exit status of --exit-code where there is a change, as of diff(1). */
const isOther = 1

export const diff: Command = {
  words: '[REV [REV]]',
  mostWords: 2,
  leastWords: 0,
  options: ['exit-code', 'markdown', 'from'],
  flagsOnly: ['exit-code', 'markdown'],
  about: `What a change of the tasks file means: tasks added, removed, renamed and changed, what
each host gains and loses, and how the starts of the next 24 hours differ. Compares
HEAD, or REV, with the file as it is here, or REV with REV; A..B and A...B as in git.
Comments, order and quotes are no change.`,
  examples: [
    ['diff', 'before a commit'],
    ['diff HEAD~3 HEAD', 'what the last three commits mean'],
    ['diff --markdown origin/main...HEAD', 'for a comment on a pull request'],
    ['diff --exit-code', 'exit status 1 if there is a change, 2 if the file is not valid'],
  ],
  async run(call, values) {
    if (values.markdown && call.from.json === 'flag')
      throw usageError('--json does not go with --markdown', 'torch diff --markdown')
    const { showDiff } = await import('./show-diff.ts')
    const { to, isChanged } = await showDiff(call, values)
    if (!values['exit-code']) return exitStatus.done
    if (!to.isValid) return exitStatus.usage
    return isChanged ? isOther : exitStatus.done
  },
}
