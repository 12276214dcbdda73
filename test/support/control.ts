import { TorchError } from '../../src/errors.ts'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { MetricsReport } from '../../src/control/metrics-report.ts'
import type { TaskStatus } from '../../src/control/status-report.ts'
import {
  type Answers,
  type ControlServer,
  serveControl,
  type Serving,
} from '../../src/control/server.ts'

/** A new folder that is gone after the test. */
export function newHome(name = ''): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-control-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }))
  const home = path.join(root, name)
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  return home
}

/** Of a daemon without tasks. */
const noMetrics: MetricsReport = {
  version: '1.2.3',
  startedMs: 0,
  file: { ok: true, revision: null },
  tasks: { here: 0, elsewhere: 0 },
  series: [],
  leaving: [],
  others: 0,
  durationBounds: [],
  lateness: { bounds: [], counts: [0], sum: 0 },
  notifications: [],
  process: {
    startedMs: 0,
    cpuSeconds: 0,
    residentBytes: 0,
    openDescriptors: null,
    maxDescriptors: null,
  },
}

/** Answers that are enough for every request. */
export const plainAnswers: Answers = {
  status: () => ({
    daemon: null,
    host: { name: 'web-1', addresses: ['10.0.1.5'] },
    file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [],
  }),
  metrics: () => noMetrics,
  reload: () => ({
    verdict: 'unchanged',
    path: '/t.yaml',
    revision: null,
    tasks: 0,
    added: [],
    removed: [],
    changed: [],
    problems: [],
  }),
  stop: () => ({ pid: 4711 }),
  restart: () => ({ pid: 4712 }),
  run: ({ task }) => ({ run: 'r1', task, directory: '/runs/r1', elsewhere: false }),
  scripts: () => ({ scripts: [], removed: [] }),
  kill: ({ target }) => ({ runs: [{ run: 'r1', task: target }] }),
  pause: ({ tasks, all }) => ({
    tasks: all ? 'all' : tasks,
    pause: {
      ...{ since: '2026-03-10T12:00:00.000Z', until: null, reason: null, by: 'alice' },
      ...{ all: all ?? false, slots: 0 },
    },
    stopping: [],
  }),
  resume: ({ tasks, all = false }) => ({ all, tasks, left: [] }),
  send: ({ task, lines }) => ({
    task,
    run: 'r1',
    lines: lines.length,
    state: 'written',
    unread: 0,
  }),
  flush: () => ({}),
  reopen: () => ({ log: null }),
  message: ({ task }) => ({ task, messages: [] }),
  inbox: () => ({ messages: [] }),
  history: () => ({ rows: [], more: null }),
  fleetState: () => {
    throw new TorchError('no-fleet', 'the daemon is in no fleet')
  },
  fleetAsk: () => ({ answers: [] }),
  fleetRows: () => ({ rows: [] }),
  fleetClaim: () => ({ tries: [] }),
  fleetDo: () => ({ value: null }),
  fleetLog(_, response) {
    response.end()
  },
  output: ({ from }) => ({ text: '', from, next: from, size: 0, isWhole: true }),
  events: (_, response) => void response.end(),
  notify: ({ target }) => ({ target, result: 'delivered', words: 'HTTP 200', details: null }),
}

/** What the daemon reports about a task that runs here and never ran. */
export function taskStatus(changes: Partial<TaskStatus> = {}): TaskStatus {
  return {
    name: 'job',
    type: 'common',
    description: null,
    labels: {},
    here: true,
    reason: null,
    next: null,
    jitterMs: 0,
    running: [],
    last: null,
    ...changes,
  }
}

export interface Served {
  readonly socket: string
  readonly server: ControlServer
  /** The faults that the server reported. */
  readonly troubles: string[]
}

/** A control server in a home of its own, closed after the test. */
export async function serve(
  answers: Partial<Answers> = {},
  home = newHome(),
  serving: Serving = {},
): Promise<Served> {
  const socket = path.join(home, 'torch.sock')
  const troubles: string[] = []
  const all = { ...plainAnswers, ...answers }
  const server = await serveControl(socket, all, (words) => troubles.push(words), serving)
  onTestFinished(() => server.close())
  return { socket, server, troubles }
}

/** Sends these bytes, keeps the connection open, and gives all that came when the server ends it. */
export function sendRaw(socket: string, ...parts: string[]): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    const client = net.connect(socket)
    client.on('data', (chunk) => (got += chunk.toString()))
    client.on('error', () => undefined)
    client.on('close', () => resolve(got))
    for (const part of parts) client.write(part)
  })
}

/** The text of an HTTP/1.1 request. */
export function requestText(method: string, url: string, body: string): string {
  return `${method} ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
