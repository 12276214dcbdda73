import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { judgeMessageTargets, probeMessageTargets } from '../../src/doctor/message-targets.ts'
import { thisMachine } from '../../src/host/host.ts'
import { type FileNotify, noFileNotify, type Target } from '../../src/tasks/notify.ts'

test('doctor says which target has no readable URL, and which message was not delivered', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-messages-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'url')
  const targets: Target[] = [
    { kind: 'command', name: 'log', command: ['cat'] },
    { kind: 'webhook', name: 'ops', url: { file }, format: 'json' },
  ]
  const judge = (notify: FileNotify = { ...noFileNotify, targets }) =>
    judgeMessageTargets(probeMessageTargets(thisMachine(), folder, notify))
  expect(judge(noFileNotify)).toEqual([])
  const about = (status: string, found: RegExp) => [
    expect.objectContaining({ name: 'messages', status, found: expect.stringMatching(found) }),
  ]
  expect(judge()).toEqual(about('warning', /^messages to ops cannot be sent: .*url does not exist/))
  fs.writeFileSync(file, 'https://x.example\n', { mode: 0o600 })
  expect(judge()).toEqual(about('ok', /^messages go to 2 targets/))
  const ops = { at: '2026-03-10T12:00:00Z', result: 'failed', words: 'HTTP 404' }
  fs.writeFileSync(path.join(folder, 'results.json'), JSON.stringify({ ops }))
  expect(judge()).toEqual(about('warning', /^a message to ops was not delivered at .*: HTTP 404$/))
})
