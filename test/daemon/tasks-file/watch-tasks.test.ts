import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { contentHash } from '../../../src/daemon/tasks-file/load.ts'
import { watchTasks } from '../../../src/daemon/tasks-file/watch-tasks.ts'
import { type Host, thisMachine } from '../../../src/host/host.ts'
import { until } from '../../support/until.ts'

/** Cleanup of one test: the tests of this file run at the same time. */
interface Context {
  onTestFinished(clean: () => Promise<void> | void): void
}

const deaf: Host['watchFolder'] = async () => async () => {}

/** Watches a file in a new folder; `seen` gets the hash of each change that is reported. */
async function watched(context: Context, build: (folder: string) => string, host = thisMachine()) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-watch-'))
  const tasks = build(folder)
  const seen: (string | undefined)[] = []
  const stop = await watchTasks(host, tasks, contentHash(host, tasks), (hash) => seen.push(hash))
  context.onTestFinished(async () => {
    await stop()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const takes = async (what: string): Promise<void> => {
    const hash = contentHash(host, tasks)
    await until(() => seen.at(-1) === hash, what, 8000)
  }
  return { folder, tasks, seen, takes }
}

function git(folder: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']
  execFileSync('git', [...identity, '-C', folder, ...args], { stdio: 'ignore' })
}

/** Each edit is made twice: the watch must see both, so it must still work after the first. */
const rounds = [1, 2]
const plain = (folder: string): string => {
  const file = path.join(folder, 'tasks.yaml')
  fs.writeFileSync(file, 'tasks: {}\n')
  return file
}

const edits: Record<
  string,
  { build?: (folder: string) => string; edit(folder: string, round: number): void }
> = {
  'written in place': {
    edit: (folder, round) =>
      fs.writeFileSync(path.join(folder, 'tasks.yaml'), `tasks: {} # ${round}\n`),
  },
  'written in place with the same length': {
    edit: (folder, round) => fs.writeFileSync(path.join(folder, 'tasks.yaml'), `tasks: {}${round}`),
  },
  'renamed over, as editors do': {
    edit(folder, round) {
      fs.writeFileSync(path.join(folder, '.new'), `tasks: {} # ${round}\n`)
      fs.renameSync(path.join(folder, '.new'), path.join(folder, 'tasks.yaml'))
    },
  },
  'removed and made again': {
    edit(folder, round) {
      fs.rmSync(path.join(folder, 'tasks.yaml'))
      fs.writeFileSync(path.join(folder, 'tasks.yaml'), `tasks: {} # ${round}\n`)
    },
  },
  'checked out by git': {
    build(folder) {
      git(folder, 'init', '-q', '-b', 'main')
      for (const round of rounds) {
        fs.writeFileSync(path.join(folder, 'tasks.yaml'), `tasks: {} # ${round}\n`)
        git(folder, 'add', '.')
        git(folder, 'commit', '-qm', `r${round}`)
        git(folder, 'tag', `r${round}`)
      }
      fs.writeFileSync(path.join(folder, 'tasks.yaml'), 'tasks: {}\n')
      git(folder, 'commit', '-qam', 'start')
      return path.join(folder, 'tasks.yaml')
    },
    edit: (folder, round) => git(folder, 'checkout', '-q', `r${round}`),
  },
  'reset by git': {
    build: (folder) => edits['checked out by git']?.build?.(folder) ?? '',
    edit: (folder, round) => git(folder, 'reset', '-q', '--hard', `r${round}`),
  },
  'behind a link `current` that is switched to another release': {
    build(folder) {
      for (const round of [0, ...rounds]) {
        const release = path.join(folder, 'releases', String(round))
        fs.mkdirSync(release, { recursive: true })
        fs.writeFileSync(path.join(release, 'tasks.yaml'), `tasks: {} # ${round}\n`)
      }
      fs.symlinkSync('releases/0', path.join(folder, 'current'))
      return path.join(folder, 'current', 'tasks.yaml')
    },
    edit(folder, round) {
      fs.symlinkSync(`releases/${round}`, path.join(folder, 'next'))
      fs.renameSync(path.join(folder, 'next'), path.join(folder, 'current'))
    },
  },
  'behind a ..data link, as Kubernetes switches it': {
    build(folder) {
      fs.mkdirSync(path.join(folder, '..v0'))
      fs.writeFileSync(path.join(folder, '..v0', 'tasks.yaml'), 'tasks: {}\n')
      fs.symlinkSync('..v0', path.join(folder, '..data'))
      fs.symlinkSync('..data/tasks.yaml', path.join(folder, 'tasks.yaml'))
      return path.join(folder, 'tasks.yaml')
    },
    edit(folder, round) {
      fs.mkdirSync(path.join(folder, `..v${round}`))
      fs.writeFileSync(path.join(folder, `..v${round}`, 'tasks.yaml'), `tasks: {} # ${round}\n`)
      fs.symlinkSync(`..v${round}`, path.join(folder, '..data_tmp'))
      fs.renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
    },
  },
  'in a folder that is removed and made again': {
    build(folder) {
      fs.mkdirSync(path.join(folder, 'conf'))
      return plain(path.join(folder, 'conf'))
    },
    edit(folder, round) {
      fs.rmSync(path.join(folder, 'conf'), { recursive: true })
      fs.mkdirSync(path.join(folder, 'conf'))
      fs.writeFileSync(path.join(folder, 'conf', 'tasks.yaml'), `tasks: {} # ${round}\n`)
    },
  },
  'one of several in a directory': {
    build(folder) {
      fs.mkdirSync(path.join(folder, 'conf'))
      plain(path.join(folder, 'conf'))
      return path.join(folder, 'conf')
    },
    edit: (folder, round) =>
      fs.writeFileSync(path.join(folder, 'conf', 'tasks.yaml'), `tasks: {} # ${round}\n`),
  },
  'added to a directory': {
    build: (folder) => edits['one of several in a directory']?.build?.(folder) ?? '',
    edit: (folder, round) =>
      fs.writeFileSync(path.join(folder, 'conf', `${round}.yaml`), 'tasks: {}\n'),
  },
}

describe('the watch', () => {
  test.concurrent.for(Object.entries(edits))(
    'the watch sees a file that is %s',
    async ([, { build = plain, edit }], context) => {
      const { folder, takes } = await watched(context, build)
      for (const round of rounds) {
        edit(folder, round)
        await takes(`edit ${round}`)
      }
    },
  )

  test.concurrent.for(Object.entries(edits))(
    'the watch sees a file that is %s, without events of the watcher',
    async ([, { build = plain, edit }], context) => {
      const { folder, takes } = await watched(context, build, {
        ...thisMachine(),
        watchFolder: deaf,
      })
      for (const round of rounds) {
        edit(folder, round)
        await takes(`edit ${round}`)
      }
    },
  )
})

test('the watch reports a file that is written slowly once, when it is complete', async (context) => {
  const { tasks, seen, takes } = await watched(context, plain)
  const descriptor = fs.openSync(tasks, 'w')
  for (let part = 0; part < 20; part++) {
    fs.writeSync(descriptor, `# ${part}\n`)
    // Slow, but each pause is shorter than the time in which a content settles.
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  fs.writeSync(descriptor, 'tasks: {}\n')
  fs.closeSync(descriptor)
  await takes('the whole file')
  expect(seen).toHaveLength(1)
})

test('the watch reports nothing if a file is touched and its content stays the same', async (context) => {
  const { tasks, seen, takes } = await watched(context, plain)
  fs.utimesSync(tasks, new Date(), new Date())
  fs.writeFileSync(tasks, 'tasks: {}\n')
  fs.writeFileSync(tasks, 'tasks: {} # now\n')
  await takes('the change')
  expect(seen).toHaveLength(1)
})

test('the watch reports a changed calendar without a hash, and a change of both too', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-watch-'))
  const [tasks, dates] = [plain(folder), path.join(folder, 'fair.dates')]
  fs.writeFileSync(dates, '12-25\n')
  const seen: (string | undefined)[] = []
  const host = { ...thisMachine(), watchFolder: deaf }
  const files = [dates]
  const stop = await watchTasks(
    host,
    tasks,
    contentHash(host, tasks),
    (hash) => seen.push(hash),
    () => files,
  )
  context.onTestFinished(async () => {
    await stop()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  // Once after the start: it may have changed since the file was loaded.
  await until(() => seen.length === 1, 'the first look', 8000)
  fs.writeFileSync(dates, '12-26\n')
  await until(() => seen.length === 2, 'the changed calendar', 8000)
  fs.writeFileSync(tasks, 'tasks: {} # now\n')
  fs.rmSync(dates)
  await until(() => seen.length === 3, 'the change of both', 8000)
  expect(seen).toEqual([undefined, undefined, undefined])
})

test('the watch reports that a file is gone, and that it is back', async (context) => {
  const { tasks, takes } = await watched(context, plain)
  fs.rmSync(tasks)
  await takes('that it is gone')
  fs.writeFileSync(tasks, 'tasks: {}\n')
  await takes('that it is back')
})
