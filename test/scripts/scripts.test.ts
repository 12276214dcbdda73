import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cleanCache } from '../../src/scripts/cleaning.ts'
import { recordKey } from '../../src/scripts/url-records.ts'
import { type Answer, faultyAnswers, scriptServer, sends } from '../support/script-server.ts'
import { until } from '../support/until.ts'
import { newCache, scriptTask } from './support.ts'

const [one, two, three] = ['#!/bin/sh\necho 1\n', '#!/bin/sh\necho 2\n', '#!/bin/sh\necho 3\n']

async function serverOf(answer: Answer) {
  const server = await scriptServer(answer)
  onTestFinished(() => server.close())
  return server
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('a script', () => {
  test('is fetched once, and then every start has it at once', async () => {
    const server = await serverOf(sends(one))
    const { open, folder, told } = newCache()
    const scripts = open()
    const task = scriptTask(`${server.url}/report`)
    expect(scripts.now(task)).toBe('waits')
    const copy = await scripts.prepare(task)
    const file = path.join(folder, sumOf(one))
    expect(copy).toEqual({
      ...{ kind: 'copy', path: file, url: task.script.url, sha256: sumOf(one), stale: null },
    })
    expect(fs.readFileSync(file, 'utf8')).toBe(one)
    expect(fs.statSync(file).mode & 0o7777).toBe(0o555)
    expect(fs.statSync(folder).mode & 0o7777).toBe(0o755)
    expect(scripts.now(task)).toEqual(copy)
    expect(told).toEqual([
      `script ${task.script.url}: fetched ${sumOf(one).slice(0, 12)}, 17 bytes`,
    ])
    // Another process finds it, but compares it with its name first.
    const other = open()
    expect(other.now(task)).toBe('waits')
    expect(await other.prepare(task)).toEqual(copy)
    expect(server.requests).toHaveLength(1)
  })

  test('that comes after the end is not put on record, and its folder is not made again', async () => {
    const answers: (() => void)[] = []
    const server = await serverOf((request, response) => {
      answers.push(() => sends(one)(request, response))
    })
    const { open, above, told, trouble } = newCache()
    const scripts = open()
    const fetching = [scripts.update(scriptTask(`${server.url}/a`))]
    fetching.push(scripts.update(scriptTask(`${server.url}/b`, { sha256: sumOf(two) })))
    await until(() => answers.length === 2, 'both requests')
    scripts.close()
    fs.rmSync(above, { recursive: true })
    for (const answer of answers) answer()
    await Promise.all(fetching)
    expect(fs.existsSync(above)).toBe(false)
    expect([told, trouble.filter((each) => each.startsWith('record'))]).toEqual([[], []])
  })

  test('that changed on the disk does not run: it is fetched again', async () => {
    const server = await serverOf(sends(one))
    const scripts = newCache().open()
    const task = scriptTask(`${server.url}/report`)
    const copy = await scripts.prepare(task)
    if (copy.kind !== 'copy') throw new Error('there is no copy')
    fs.chmodSync(copy.path, 0o755)
    fs.writeFileSync(copy.path, '#!/bin/sh\nrm -rf x\n')
    expect(scripts.now(task)).toBe('waits')
    expect(await scripts.prepare(task)).toEqual(copy)
    expect(fs.readFileSync(copy.path, 'utf8')).toBe(one)
    expect(server.requests).toHaveLength(2)
  })

  test('with a pin is refused if it has another sum, and nothing is stored', async () => {
    const server = await serverOf(sends(two))
    const { open, folder } = newCache()
    const scripts = open()
    const task = scriptTask(`${server.url}/report`, { sha256: sumOf(one) })
    const why = `sha256 is ${sumOf(two)}, the tasks file says ${sumOf(one)}`
    expect(await scripts.prepare(task)).toMatchObject({
      ...{ kind: 'missing', why, reason: `script ${task.script.url}: ${why}` },
    })
    expect(scripts.cache.sums()).toEqual([])
    expect(fs.readdirSync(path.join(folder, 'tmp'))).toEqual([])
    server.answer = sends(one)
    expect(await scripts.prepare(task)).toMatchObject({ kind: 'copy', stale: null })
    // With the copy there is nothing to ask for, even if the server is gone.
    await server.close()
    expect(await scripts.update(task)).toMatchObject({ kind: 'copy' })
    expect(scripts.now(task)).toMatchObject({ kind: 'copy' })
  })

  test('with update: always is asked for before each start, and the last good copy is the fallback', async () => {
    const server = await serverOf(sends(one))
    const { open, told } = newCache()
    const scripts = open()
    const task = scriptTask(`${server.url}/report`, { update: 'always' })
    for (const text of [one, one, two]) {
      server.answer = sends(text)
      expect(scripts.now(task)).toBe('waits')
      expect(await scripts.prepare(task)).toMatchObject({ sha256: sumOf(text), stale: null })
    }
    expect(server.requests.map(({ headers }) => headers['if-none-match'] !== undefined)).toEqual([
      ...[false, true, true],
    ])
    server.answer = (_, response) => response.writeHead(503).end()
    for (let count = 0; count < 2; count++)
      expect(await scripts.prepare(task)).toMatchObject({
        ...{ sha256: sumOf(two), stale: '503 Service Unavailable' },
      })
    expect(told.slice(2)).toEqual([`script ${task.script.url}: 503 Service Unavailable`])
    server.answer = sends(two)
    expect(await scripts.prepare(task)).toMatchObject({ sha256: sumOf(two), stale: null })
    expect(told.at(-1)).toBe(`script ${task.script.url}: can be fetched again`)
  })

  test('with an interval is looked for in the background, and starts do not wait', async () => {
    const server = await serverOf(sends(one))
    const scripts = newCache().open()
    // The first look is soon after: each host has its own place in the interval.
    const task = scriptTask(`${server.url}/report`, { update: 1_000 })
    scripts.follow([task])
    await until(() => scripts.now(task) !== 'waits', 'the first copy')
    server.answer = sends(two)
    await until(() => {
      const script = scripts.now(task)
      if (script === 'waits') throw new Error('a start waits')
      return script.kind === 'copy' && script.sha256 === sumOf(two)
    }, 'the second copy')
    server.answer = (_, response) => response.writeHead(404).end()
    await until(() => {
      const script = scripts.now(task)
      return (
        typeof script === 'object' && script.kind === 'copy' && script.stale === '404 Not Found'
      )
    }, 'the reason')
    scripts.follow([])
    const { length } = server.requests
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(server.requests).toHaveLength(length)
  })

  test('of two tasks is looked for as often as the more eager of them wants', async () => {
    const server = await serverOf(sends(one))
    const scripts = newCache().open()
    const [eager, lazy] = [{ update: 1_000 }, {}].map((each) => scriptTask(server.url, each))
    if (eager === undefined || lazy === undefined) throw new Error('there are two tasks')
    scripts.follow([lazy, eager, lazy])
    await until(() => scripts.now(eager) !== 'waits', 'the first copy')
    server.answer = sends(two)
    await until(() => {
      const script = scripts.now(lazy)
      return typeof script === 'object' && 'sha256' in script && script.sha256 === sumOf(two)
    }, 'the second copy')
  })

  test('that is redirected has the address that gave it on record', async () => {
    const server = await serverOf(({ url = '' }, response) => {
      if (url === '/there') response.writeHead(200, { 'content-length': one.length }).end(one)
      else response.writeHead(302, { location: '/there' }).end()
    })
    const scripts = newCache().open()
    const task = scriptTask(`${server.url}/report`)
    expect(await scripts.prepare(task)).toMatchObject({ kind: 'copy', url: task.script.url })
    expect(scripts.records.read(recordKey(task))?.current?.finalUrl).toBe(`${server.url}/there`)
  })

  test('that another process fetches during a failing download stays on record', async () => {
    const gate: (() => void)[] = []
    const server = await serverOf((_, response) => {
      gate.push(() => response.writeHead(404).end())
    })
    const { open } = newCache()
    const [scripts, other] = [open(), open()]
    const task = scriptTask(server.url)
    const failing = scripts.update(task)
    await until(() => gate.length === 1, 'the request')
    server.answer = sends(two)
    await other.update(task)
    gate[0]?.()
    expect(await failing).toMatchObject({ kind: 'missing', why: '404 Not Found' })
    expect(scripts.records.read(recordKey(task))).toMatchObject({
      ...{ current: { sha256: sumOf(two) }, failure: { why: '404 Not Found' } },
    })
  })

  test.each(faultyAnswers)('survives %s: the last good copy stays', async (_, answer, reason) => {
    const server = await serverOf(sends(one))
    const { open, folder } = newCache()
    const scripts = open()
    const task = scriptTask(`${server.url}/report`, { update: 'always', timeoutMs: 1_000 })
    const copy = await scripts.prepare(task)
    server.answer = answer
    const script = await scripts.prepare(task)
    expect(script).toMatchObject({ ...copy, stale: expect.stringMatching(reason) })
    expect(scripts.records.read(recordKey(task))?.failure?.why).toMatch(reason)
    // Who asks for the newest gets no old one.
    expect(await scripts.update(task)).toMatchObject({ kind: 'missing' })
    expect(fs.readdirSync(path.join(folder, 'tmp'))).toEqual([])
    server.answer = sends(two)
    expect(await scripts.prepare(task)).toMatchObject({ sha256: sumOf(two), stale: null })
  })

  test('is downloaded once at a time, and at most four are in all', async () => {
    const server = await serverOf((_, response) => {
      setTimeout(() => response.writeHead(200).end(one), 50)
    })
    const scripts = newCache().open()
    const tasks = Array.from({ length: 12 }, (_, index) => scriptTask(`${server.url}/${index}`))
    await Promise.all([...tasks, ...tasks].map((task) => scripts.prepare(task)))
    expect(server.requests).toHaveLength(12)
    expect(server.mostAtOnce()).toBe(4)
  })

  test('of a start waits behind slow downloads no longer than its own timeout', async () => {
    const server = await serverOf((_, response) => response.writeHead(200).write('#'))
    const scripts = newCache().open()
    const slow = Array.from({ length: 4 }, (_, index) => scriptTask(`${server.url}/${index}`))
    scripts.follow(slow)
    await until(() => server.requests.length === 4, 'four downloads')
    const task = scriptTask(`${server.url}/report`, { timeoutMs: 100 })
    expect(await scripts.prepare(task)).toMatchObject({
      why: 'timed out after 100ms: other downloads take too long',
    })
  })

  test('without a command must be a program', async () => {
    const server = await serverOf(sends('echo 1\n'))
    const scripts = newCache().open()
    const { url } = server
    expect(await scripts.prepare(scriptTask(url))).toMatchObject({
      why: expect.stringMatching(/^it does not begin with #!/),
    })
    expect(await scripts.prepare(scriptTask(url, {}, 'sh "$TORCH_SCRIPT"'))).toMatchObject({
      kind: 'copy',
    })
  })
})

describe('headers_file', () => {
  test('is sent, but not if others can read it, or if it has no headers', async () => {
    const server = await serverOf(sends(one))
    const { open, above } = newCache()
    const scripts = open()
    const headersFile = path.join(above, 'headers')
    const task = scriptTask(server.url, { headersFile })
    const why = async (): Promise<string> => {
      const script = await scripts.prepare(task)
      return script.kind === 'missing' ? script.why : ''
    }
    expect(await why()).toBe(`headers_file ${headersFile} does not exist`)
    fs.writeFileSync(headersFile, 'nonsense\n', { mode: 0o600 })
    expect(await why()).toBe(`headers_file ${headersFile}:1: expected "Name: value"`)
    fs.writeFileSync(headersFile, '# ours\n\nAuthorization: token abc\r\n')
    fs.chmodSync(headersFile, 0o644)
    expect(await why()).toBe(
      `headers_file ${headersFile} can be read by others: chmod 600 ${headersFile}`,
    )
    expect(server.requests).toHaveLength(0)
    fs.chmodSync(headersFile, 0o600)
    expect(await why()).toBe('')
    expect(server.requests[0]?.headers.authorization).toBe('token abc')
  })
})

describe('the cache folder', () => {
  test('is refused if others can write it: not even a good copy runs', async () => {
    const server = await serverOf(sends(one))
    const { open, folder, trouble } = newCache()
    const scripts = open()
    const task = scriptTask(server.url)
    await scripts.prepare(task)
    fs.chmodSync(folder, 0o777)
    const why = `the cache folder ${folder} is not safe: ${folder} is writable by other users`
    for (const script of [
      scripts.now(task),
      await scripts.prepare(task),
      await scripts.update(task),
    ])
      expect(script).toMatchObject({ kind: 'missing', why })
    expect(trouble.at(-1)).toBe(`folder: Error: ${why}`)
    fs.chmodSync(folder, 0o755)
    expect(scripts.now(task)).toMatchObject({ kind: 'copy' })
  })

  test('that cannot be made is trouble, and the reason of the run', async () => {
    const server = await serverOf(sends(one))
    const { open, folder, trouble } = newCache()
    fs.writeFileSync(folder, '')
    expect(await open().prepare(scriptTask(server.url))).toMatchObject({
      why: `${folder} is not a folder`,
    })
    expect(trouble.at(-1)).toMatch(/is not a folder/)
  })

  test('loses temporary files of processes that are gone', async () => {
    const { open, folder, host } = newCache()
    const { cache } = open()
    const own = cache.temporaryFile()
    fs.writeFileSync(own, '')
    fs.writeFileSync(path.join(folder, 'tmp', '4194303-1-1'), '')
    fs.writeFileSync(path.join(folder, 'tmp', `${host.processes.pid}-1-1`), '')
    cache.removeLeftovers()
    expect(fs.readdirSync(path.join(folder, 'tmp'))).toEqual([path.basename(own)])
  })

  test('keeps the current copy, the one before it and what runs; others for 7 days', async () => {
    const server = await serverOf(sends(one))
    const { open } = newCache()
    const scripts = open()
    const task = scriptTask(server.url)
    const four = '#!/bin/sh\necho 4\n'
    for (const text of [one, two, three, four]) {
      server.answer = sends(text)
      await scripts.update(task)
    }
    const week = 7 * 86_400_000
    const clean = (ms: number, running: string[], atOnce = false) => {
      const clock = { now: () => Date.now() + ms }
      const wanted = { keys: new Set([recordKey(task)]), sums: new Set(running.map(sumOf)) }
      const { cache, records } = scripts
      return cleanCache({ clock, cache, records }, wanted, atOnce).toSorted()
    }
    expect(clean(week - 60_000, [])).toEqual([])
    expect(clean(week + 60_000, [one])).toEqual([sumOf(two)])
    expect(clean(0, [], true)).toEqual([sumOf(one)])
    expect(scripts.cache.sums()).toEqual([three, four].map(sumOf).toSorted())
    // No task has the URL any more.
    const { cache, records } = scripts
    const clock = { now: () => Date.now() + week + 60_000 }
    cleanCache({ clock, cache, records }, { keys: new Set(), sums: new Set() })
    expect(cache.sums()).toEqual([])
    expect(records.keys()).toEqual([])
  })
})
