import { spawn } from 'node:child_process'
import http from 'node:http'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { program } from '../daemon.js'

/** Calls `use` with a `torch web` of that home: its pid, its address and its token. Ends it afterwards. */
export async function withServer(home, mark, use) {
  const port = await freePort()
  const words = ['web', '--listen', `127.0.0.1:${port}`, '--home', home, '--json']
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MARK: mark },
  })
  try {
    const line = await firstLine(child)
    const { address, token } = JSON.parse(line)
    return await use({ pid: child.pid, address, token })
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    child.once('exit', (code) => reject(new Error(`torch web ended with ${code}`)))
  })
}

async function freePort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The whole answer to a GET: its status, its size and the time until its last byte, in ms. */
export async function timedGet({ address, token }, route) {
  const from = performance.now()
  const response = await fetch(new URL(route, address), {
    headers: { authorization: `Bearer ${token}` },
  })
  const text = await response.text()
  return { status: response.status, bytes: text.length, ms: performance.now() - from }
}

/** An open page: an event stream that is read. Resolves once it is open. */
export async function openStream({ address, token }) {
  const request = http.get(new URL('/api/events', address), {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    agent: false,
  })
  const [response] = await once(request, 'response')
  const stream = { status: response.statusCode, updates: 0, close: () => request.destroy() }
  response.on('data', (chunk) => {
    stream.updates += String(chunk).split('event: update').length - 1
  })
  response.on('error', () => {})
  request.on('error', () => {})
  return stream
}
