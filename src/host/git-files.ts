import { outputOf } from './git.ts'
import type { Located } from './git-commits.ts'
import type { ProgramResult } from './host.ts'

/** What a commit has at a path. Links within the repository are followed. */
export type AtCommit =
  | { readonly kind: 'file'; readonly hash: string; readonly bytes: number }
  | { readonly kind: 'folder'; readonly hash: string }
  | { readonly kind: 'absent' }
  /** A link to nothing, to itself, or out of the repository. */
  | { readonly kind: 'link'; readonly target: string }
  /** Its content was left out of this clone: git clone --filter. */
  | { readonly kind: 'left-out' }

/** What a commit has at these paths, each from the top of the repository. */
export async function lookAt(
  { git }: Located,
  commit: string,
  paths: readonly string[],
): Promise<AtCommit[]> {
  // A line is a question: a name that holds a line break would be two.
  const asked = paths.filter((path) => !path.includes('\n'))
  const input = asked.map((path) => `${commit}:${path}\n`).join('')
  const options = ['--batch-check', '--follow-symlinks']
  const result = await git(['cat-file', ...options], { ...inBytes, input })
  if (isLeftOut(result)) return paths.map(() => ({ kind: 'left-out' }))
  const answers = readAnswers(outputOf(result))
  const found = new Map(asked.map((path, index) => [path, answers[index]]))
  return Promise.all(
    paths.map(async (path) => {
      const answer = found.get(path) ?? absent
      if (answer.kind !== 'absent') return answer
      // Of what was left out git still knows that it is there.
      const { ok } = await git(['rev-parse', '--verify', '--quiet', `${commit}:${path}`])
      return ok ? ({ kind: 'left-out' } as const) : answer
    }),
  )
}

/** The names in a folder of a commit, sorted as those of a folder on disk. */
export async function namesIn({ git }: Located, folder: string): Promise<string[]> {
  const result = await git(['ls-tree', '--full-tree', '-z', '--name-only', folder], longOutput)
  return outputOf(result)
    .split('\0')
    .filter((name) => name !== '')
    .toSorted()
}

/** The texts of files, by their hashes: what was put into the repository, not run through any filter. */
export async function readTexts({ git }: Located, hashes: readonly string[]): Promise<string[]> {
  const input = hashes.map((hash) => `${hash}\n`).join('')
  const result = await git(['cat-file', '--batch'], { ...inBytes, ...longOutput, input })
  const stdout = outputOf(result)
  const texts: string[] = []
  for (let at = 0; texts.length < hashes.length;) {
    const head = lineAt(stdout, at)
    const bytes = Number(head.split(' ')[2])
    if (!Number.isInteger(bytes)) throw new Error(`git cat-file does not know ${head}`)
    const begin = at + head.length + 1
    texts.push(Buffer.from(stdout.slice(begin, begin + bytes), 'latin1').toString('utf8'))
    at = begin + bytes + 1
  }
  return texts
}

/** Lengths are counted in bytes. */
const inBytes = { encoding: 'latin1' } as const
/** Twice what a tasks file may have: who asks for texts has looked at their sizes. */
const longOutput = { maxOutputBytes: 20_000_000 } as const
const absent: AtCommit = { kind: 'absent' }

function isLeftOut({ ok, stderr }: ProgramResult): boolean {
  return !ok && stderr.includes('promisor')
}

/** https://git-scm.com/docs/git-cat-file#_batch_output */
function readAnswers(output: string): AtCommit[] {
  const answers: AtCommit[] = []
  for (let at = 0; at < output.length;) {
    const line = lineAt(output, at)
    at += line.length + 1
    const [, hash = '', type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(line) ?? []
    const [, length] = /^(?:symlink|dangling|loop|notdir) (\d+)$/.exec(line) ?? []
    if (type === 'blob') answers.push({ kind: 'file', hash, bytes: Number(size) })
    else if (type === 'tree') answers.push({ kind: 'folder', hash })
    else if (length === undefined) answers.push(absent)
    else {
      const target = Buffer.from(output.slice(at, at + Number(length)), 'latin1').toString('utf8')
      at += Number(length) + 1
      answers.push(line.startsWith('notdir') ? absent : { kind: 'link', target })
    }
  }
  return answers
}

function lineAt(output: string, at: number): string {
  const end = output.indexOf('\n', at)
  return output.slice(at, end === -1 ? output.length : end)
}
