import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { thisMachine } from '../../src/host/host.ts'
import { openNamedPipe, spawnByFork } from '../../src/host/spawn.ts'
import { activeFolder } from '../../src/run/active.ts'
import { type RunConclusion } from '../../src/run/directory.ts'
import { newFaults } from '../../src/run/faults.ts'
import { launchRun, newRunContext } from '../../src/run/launch.ts'
import type { LiveRun } from '../../src/run/live-run.ts'
import { outputWhole } from '../../src/run/output.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aStart, aTask } from '../support/plan.ts'
import type { Started, Target } from './target.ts'

/** Characters with a meaning for a shell, for C or for printf(1), and characters without one. */
const piece = fc.oneof(
  fc.constantFrom(
    ...["'", '"', '\\', '$', '`', '$(id)', '${HOME}', '!', '*', '?', '~', '%s', '%%', '\\n'],
  ),
  fc.constantFrom(
    ...['\n', '\r', '\t', ' ', '\u0001', '\u001b', '\u007f', '\u0085', '\ufeff', '\ufffd'],
  ),
  fc.constantFrom(
    ...[
      '-',
      '--',
      '-e',
      '-n',
      '=',
      '#',
      ';',
      '&',
      '|',
      '<',
      '>',
      '(',
      '{',
      '[',
      '日',
      '😀',
      'e\u0301',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const word = fc.oneof(
  { arbitrary: fc.array(piece, { maxLength: 6 }).map((all) => all.join('')), weight: 40 },
  { arbitrary: fc.nat(255).map((byte) => String.fromCharCode(byte)), weight: 10 },
  {
    arbitrary: fc
      .integer({ min: 1_000, max: 100_000 })
      .map((length) => `"${'\n$x '.repeat(length / 4)}`),
    weight: 1,
  },
)
// No argument can contain a NUL: torch refuses that before it starts a run.
const text = word.map((each) => each.replaceAll('\0', ''))
const variable = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
  .filter((name) => !own.has(name) && !name.startsWith('TORCH_'))
/** Variables that shells set themselves. */
const own = new Set([
  'PWD',
  'OLDPWD',
  'SHLVL',
  '_',
  'IFS',
  'PPID',
  'OPTIND',
  'PS1',
  'PS2',
  'PS4',
  '__proto__',
])
const folders = text
  .map((name) =>
    Buffer.from(name.replaceAll('/', ''))
      .subarray(0, 200)
      .toString()
      .replace(/\ufffd+$/, ''),
  )
  .filter((name) => !['', '.', '..'].includes(name))

const cases = fc.record({
  byFork: fc.boolean(),
  what: fc.oneof(
    fc
      .array(text, { minLength: 1, maxLength: 40 })
      .map((words) => ({ kind: 'list' as const, words })),
    fc
      .array(text, { minLength: 1, maxLength: 8 })
      .map((words) => ({ kind: 'shell' as const, words })),
    fc.dictionary(variable, text, { maxKeys: 20 }).map((env) => ({ kind: 'env' as const, env })),
    folders.map((folder) => ({ kind: 'cwd' as const, folder })),
  ),
})

/** A run gets exactly the arguments, variables and cwd of its task, by both ways to start a process. */
export const launcher: Target = {
  name: 'launcher',
  share: 8,
  start(): Started {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-fuzz-'))
    fs.mkdirSync(activeFolder(home))
    const run = newRunner(home)
    // Node ends if it only waits for a run.
    const stay = setInterval(() => undefined, 60_000)
    return {
      property: fc.asyncProperty(cases, async ({ byFork, what }) => {
        switch (what.kind) {
          case 'list':
            return arrives(
              await run({ command: ['/usr/bin/printf', '%s\\0', ...what.words] }, byFork),
              what.words,
            )
          case 'shell':
            // Linux allows at most 128 KiB for one argument.
            return arrives(
              await run(
                { command: shellText(what.words.map((each) => each.slice(0, 3_000))) },
                byFork,
              ),
              what.words.map((each) => each.slice(0, 3_000)),
            )
          case 'env':
            return passes(
              await run({ command: ['/usr/bin/env', '-0'], env: what.env }, byFork),
              what.env,
            )
          case 'cwd': {
            const folder = path.join(home, what.folder)
            fs.mkdirSync(folder, { recursive: true })
            return arrives(await run({ command: 'printf "%s\\0" "$PWD"', cwd: folder }, byFork), [
              folder,
            ])
          }
        }
      }),
      close() {
        clearInterval(stay)
        fs.rmSync(home, { recursive: true })
      },
    }
  },
}

/** A shell command that prints these words, each in single quotes. */
function shellText(words: readonly string[]): string {
  return `printf '%s\\0' ${words.map((each) => `'${each.replaceAll("'", String.raw`'\''`)}'`).join(' ')}`
}

function arrives(output: Buffer, words: readonly string[]): void {
  assert.deepEqual(
    output.toString(),
    words.map((each) => `${Buffer.from(each).toString()}\0`).join(''),
  )
}

function passes(output: Buffer, env: Readonly<Record<string, string>>): void {
  const got = new Map(
    output
      .toString()
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  for (const [name, value] of Object.entries(env))
    assert.equal(got.get(name), Buffer.from(value).toString(), name)
}

type Runner = (task: Partial<Task>, byFork: boolean) => Promise<Buffer>

/** Runs a task to its end, as the daemon does, and returns its output. */
function newRunner(home: string): Runner {
  const machine = thisMachine()
  const forking = {
    ...machine,
    processes: { ...machine.processes, spawnGroup: spawnByFork, openPipe: openNamedPipe },
  }
  return async (task, byFork) => {
    const { run, conclusion } = await new Promise<{ run: LiveRun; conclusion: RunConclusion }>(
      (resolve) => {
        const context = newRunContext({
          host: byFork ? forking : machine,
          home,
          hostName: 'host',
          onEnd: (ended, what) => resolve({ run: ended, conclusion: what }),
          onTrouble: () => undefined,
          faults: newFaults(machine.clock, () => undefined),
        })
        const order = { task: aTask(task), start: aStart, revision: null, restartDelayMs: 0 }
        launchRun(context, order)
      },
    )
    await outputWhole(machine, run, conclusion.endedMs)
    const output = fs.readFileSync(path.join(run.directory, 'output'))
    fs.rmSync(run.directory, { recursive: true })
    assert.equal(
      conclusion.outcome,
      'ok',
      `${conclusion.reason}: ${output.toString().slice(0, 200)}`,
    )
    return output
  }
}
