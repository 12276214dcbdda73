import type { TorchError } from '../../../errors.ts'
import { nearest } from '../../../text/suggest.ts'
import { importFormats } from '../../../import/imported.ts'
import type { Command } from '../../command.ts'
import { usageError } from '../../args/option.ts'

export const importTasks: Command = {
  words: 'FORMAT [F]',
  mostWords: 2,
  leastWords: 1,
  options: ['system'],
  flagsOnly: ['system'],
  about: `Writes a tasks file made of a crontab, or of a tasks file of gotorch, to standard output.
FORMAT is crontab or gotorch, F a file, or - for standard input; import crontab without F
takes what crontab -l shows. What cannot be carried over is a comment there, and a warning.`,
  examples: [
    ['import crontab > imported.yaml', 'the crontab of whoever calls'],
    ['import crontab /etc/crontab > imported.yaml', 'with a user in each line'],
    ['import gotorch task.json > imported.yaml', 'from gotorch'],
  ],
  async run(call, values) {
    const [written = ''] = call.words
    const format = importFormats.find((each) => each === written)
    if (format === undefined) throw unknownFormat(written)
    if (format === 'gotorch' && values.system !== undefined)
      throw usageError('--system goes with import crontab', 'leave it out')
    return (await import('./import-from.ts')).importFrom(call, values, format)
  },
}

function unknownFormat(written: string): TorchError {
  const near = nearest(written, importFormats)
  const hint =
    near === undefined
      ? `torch imports from ${importFormats.join(' or ')}`
      : `did you mean "${near}"?`
  return usageError(`torch cannot import from ${JSON.stringify(written)}`, hint)
}
