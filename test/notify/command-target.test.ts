import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sendToCommand } from '../../src/notify/command-target.ts'
import { textOf } from '../../src/notify/text.ts'
import { messageOf } from '../support/notify.ts'
import { until } from '../support/until.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-command-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const never = new AbortController().signal

function send(script: string, { message = messageOf(), signal = never } = {}) {
  const command = ['/bin/sh', '-c', script]
  const variables = { PATH: process.env['PATH'], SLACK_URL: 'https://secret' }
  return sendToCommand({ kind: 'command', name: 'own', command }, message, variables, signal)
}

test('a command gets the text on its standard input, and the facts as variables', async () => {
  const message = messageOf({ reason: 'a\0b', run: null, description: 'Dumps' })
  const out = path.join(folder, 'out')
  const delivery = await send(`cat >${out}; env >${out}.env`, { message })
  expect(delivery).toEqual({ kind: 'delivered', words: 'exit code 0' })
  expect(fs.readFileSync(out, 'utf8')).toBe(textOf(message))
  const env = fs.readFileSync(`${out}.env`, 'utf8')
  for (const line of [
    ...['TORCH_EVENT=failed', 'TORCH_TASK=dump', 'TORCH_HOST=db1', 'TORCH_RUN='],
    'TORCH_DESCRIPTION=Dumps',
    ...['TORCH_EXIT_CODE=3', 'TORCH_REASON=ab', 'TORCH_MESSAGE=id-1', 'TORCH_COUNT=1'],
  ])
    expect(env.split('\n')).toContain(line)
  expect(env).not.toContain('SLACK_URL')
})

test('a command that fails is run again later; what it printed is for a person only', async () => {
  expect(await send('echo why >&2; exit 7')).toEqual({
    ...{ kind: 'later', words: 'exit code 7', details: 'why' },
  })
  expect(await send('kill -9 $$')).toEqual({ kind: 'later', words: 'SIGKILL' })
  const missing = { kind: 'command', name: 'own', command: ['/no/such'] } as const
  const delivery = await sendToCommand(missing, messageOf(), {}, never)
  expect(delivery).toMatchObject({ kind: 'later' })
  expect(delivery.words).toBe('/no/such, or the interpreter in its first line, was not found')
  const plain = { ...missing, command: ['/proc/version'] } as const
  expect((await sendToCommand(plain, messageOf(), {}, never)).words).toBe(
    '/proc/version is not executable: chmod +x /proc/version',
  )
})

test('a command that does not read its input, or prints without end, does no harm', async () => {
  const message = messageOf({ reason: 'x'.repeat(1_000_000) })
  expect((await send('exit 0', { message })).kind).toBe('delivered')
  const delivery = await send('yes | head -c 3000000')
  expect(delivery.kind).toBe('delivered')
  expect(delivery.details?.length).toBeLessThan(400)
})

/** Whether a process runs: a zombie that nobody waits for does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('when the time is over, all processes of the command are ended', async () => {
  const pids = path.join(folder, 'pids')
  const over = new AbortController()
  const sent = send(`sleep 1000 & echo $! $$ >${pids}; wait`, { signal: over.signal })
  const text = await until(
    () =>
      fs.existsSync(pids) &&
      fs.readFileSync(pids, 'utf8').includes('\n') &&
      fs.readFileSync(pids, 'utf8'),
    'the pids',
  )
  over.abort()
  expect(await sent).toMatchObject({ kind: 'later', words: 'it did not end in time' })
  for (const pid of text.trim().split(' ').map(Number))
    await until(() => !isRunning(pid), `the end of ${pid}`)
})

test('what a command leaves behind is ended with it, and does not hold it up', async () => {
  const file = path.join(folder, 'left')
  expect((await send(`sleep 1000 & echo $! >${file}`)).kind).toBe('delivered')
  const pid = Number(fs.readFileSync(file, 'utf8'))
  await until(() => !isRunning(pid), `the end of ${pid}`)
})
