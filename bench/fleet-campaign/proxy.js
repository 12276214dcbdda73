import net from 'node:net'

/** Chunks are held back for this long in the mode `delay`. */
const delayMs = 300

/**
 * The network of one machine: a TCP proxy in front of each server. Its modes:
 *
 *   pass    everything arrives
 *   hole    nothing arrives, in both directions; what was sent arrives when it is over, as on a real network
 *   acks    the servers hear everything, and no answer to a question comes back
 *   delay   everything arrives late
 */
export async function newProxy(address, targets) {
  let mode = 'pass'
  const links = new Set()
  const servers = await Promise.all(
    targets.map(async (target) => {
      const server = net.createServer((client) => link(client, target))
      await new Promise((resolve) => server.listen(0, address, resolve))
      return server
    }),
  )

  function link(client, target) {
    const upstream = net.connect(target.port, target.host)
    const pair = { client, upstream }
    links.add(pair)
    const end = () => {
      links.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    const withoutAnswers = answerFilter(() => mode === 'acks')
    client.on('data', (chunk) => pass(upstream, chunk))
    upstream.on('data', (chunk) => pass(client, withoutAnswers(chunk)))
    if (mode === 'hole') stopReading(pair)
  }

  function pass(to, chunk) {
    if (chunk.length === 0) return
    const write = () => !to.destroyed && to.write(chunk)
    // Timers of the same length fire in the order in which they were set.
    if (mode === 'delay') setTimeout(write, delayMs)
    else write()
  }

  return {
    ports: servers.map((server) => server.address().port),
    set(next) {
      const was = mode
      mode = next
      if (was === next) return
      for (const pair of links)
        if (next === 'hole') stopReading(pair)
        else for (const socket of [pair.client, pair.upstream]) socket.resume()
    },
    close() {
      for (const { client, upstream } of links)
        for (const socket of [client, upstream]) socket.destroy()
      for (const server of servers) server.close()
    },
  }
}

function stopReading({ client, upstream }) {
  client.pause()
  upstream.pause()
}

/**
 * Leaves out the messages to an inbox while `isOn`, and keeps the rest of the protocol of NATS whole: lines,
 * and after MSG and HMSG as many bytes as their last word says.
 */
function answerFilter(isOn) {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const out = []
    for (;;) {
      const end = rest.indexOf('\r\n')
      if (end === -1) break
      const words = rest.subarray(0, end).toString('latin1').split(' ')
      const isMessage = words[0] === 'MSG' || words[0] === 'HMSG'
      const length = end + 2 + (isMessage ? Number(words.at(-1)) + 2 : 0)
      if (rest.length < length) break
      const isAnswer = isMessage && /^(?:torch\.[^.]+\.re\.|_INBOX)/.test(words[1] ?? '')
      if (!isAnswer || !isOn()) out.push(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
    return Buffer.concat(out)
  }
}
