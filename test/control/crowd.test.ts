import net from 'node:net'
import { beforeEach, expect, test } from 'vitest'
import { maxConnections, newCrowd } from '../../src/control/crowd.ts'

const told: string[] = []
beforeEach(() => void told.splice(0))

/** A crowd with so many clients in it, who have said nothing. */
function crowdOf(count: number) {
  const crowd = newCrowd((words) => told.push(words))
  const enter = (unreadBytes = 0): net.Socket => {
    const client = new net.Socket()
    Object.defineProperty(client, 'writableLength', { value: unreadBytes })
    crowd.enter(client)
    return client
  }
  const clients = Array.from({ length: count }, () => enter())
  const gone = () => clients.flatMap((client, index) => (client.destroyed ? [index] : []))
  return { crowd, clients, enter, gone }
}

test('nobody gives way while there is room', () => {
  const { gone } = crowdOf(maxConnections)
  expect(gone()).toEqual([])
  expect(told).toEqual([])
})

test('the oldest that has asked for nothing gives way first', () => {
  const { crowd, clients, enter, gone } = crowdOf(maxConnections)
  for (const client of clients.slice(0, 2)) crowd.asked(client)
  crowd.answered(clients[0]!)
  enter()
  expect(gone()).toEqual([2])
})

test('then the oldest that has not read its answer', () => {
  const { crowd, clients, enter, gone } = crowdOf(maxConnections)
  for (const client of clients) crowd.asked(client)
  crowd.answered(clients[5]!)
  crowd.answered(clients[3]!)
  expect(enter().destroyed).toBe(false)
  expect(gone()).toEqual([5])
})

test('one that waits for its answer never: then who comes is turned away', () => {
  const { crowd, clients, enter, gone } = crowdOf(maxConnections)
  for (const client of clients) crowd.asked(client)
  expect(enter().destroyed).toBe(true)
  expect(gone()).toEqual([])
})

test('it is told once, and again when there was room meanwhile', async () => {
  const { clients, enter } = crowdOf(maxConnections)
  for (let n = 0; n < 10; n += 1) enter()
  expect(told).toEqual(['more than 256 connections to the control socket: idle ones end'])
  for (const client of clients) client.destroy()
  await new Promise(setImmediate)
  const all = Array.from({ length: maxConnections + 1 }, () => enter())
  expect(told).toHaveLength(2)
  for (const client of all) client.destroy()
})

test('of answers that nobody reads only so many bytes wait: the oldest end', () => {
  const { crowd, enter } = crowdOf(0)
  const clients = [100, 60, 60].map((megabytes) => enter(megabytes * 1024 * 1024))
  for (const client of clients) crowd.answered(client)
  expect(clients.map((client) => client.destroyed)).toEqual([true, false, false])
})
