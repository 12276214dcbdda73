import { maxAskedBytes } from '../../control/fleet-reports.ts'
import { TorchError } from '../../errors.ts'
import type { OutputPart } from '../../follow/output-part.ts'
import { type Asking, askedOutput } from '../asking-view.ts'
import type { RunName } from '../view.ts'

/**
 * What a run has printed when this begins, in pieces. What comes later is left out, so it ends while the run still
 * runs. `lines`: only so many of the last ones. Throws TorchError `no-runs` if the output is not kept.
 */
export async function* printedOutput(
  asking: Pick<Asking, 'output'>,
  run: RunName,
  lines: number | null,
): AsyncGenerator<Buffer, void, undefined> {
  const read = async (from: number, bytes: number): Promise<OutputPart> => {
    const part = await askedOutput(asking, run, { from, bytes }, maxAskedBytes)
    if (part !== undefined) return part
    throw new TorchError('no-runs', `the output of the run ${run.run} is not kept`, {
      hint: 'torch fleet history shows the runs',
    })
  }
  const { size } = await read(0, 0)
  let from = lines === null ? 0 : await beginningOf(read, size, lines)
  while (from < size) {
    const { bytes, to } = await read(from, Math.min(size - from, maxAskedBytes))
    if (bytes.length === 0) return
    yield bytes
    from = to
  }
}

const newline = 10

/** Where the last lines begin. The newline at the end of all belongs to the last line. */
async function beginningOf(
  read: (from: number, bytes: number) => Promise<OutputPart>,
  size: number,
  lines: number,
): Promise<number> {
  if (lines === 0) return size
  let left = lines
  for (let end = size; end > 0;) {
    const begin = Math.max(end - maxAskedBytes, 0)
    const { bytes, from, to } = await read(begin, end - begin)
    for (let at = bytes.lastIndexOf(newline); at >= 0; at = bytes.lastIndexOf(newline, at - 1)) {
      // Counted from the end: the line of a gap stands for more bytes than it has.
      const after = to - (bytes.length - at - 1)
      if (after < size && --left === 0) return after
      if (at === 0) break
    }
    // What is before it is no longer there.
    if (from > begin || bytes.length === 0) return from
    end = begin
  }
  return 0
}
