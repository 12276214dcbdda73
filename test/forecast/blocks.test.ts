import { expect, test } from 'vitest'
import { blocksOf } from '../../src/forecast/blocks.ts'
import { namedHosts } from '../../src/forecast/hosts.ts'
import { good } from '../tasks/read.ts'

/** `web,10.0.1.5: own tasks; 2 of 3; lacks`. */
function blocks(groups: Record<string, string[]>, tasks: Record<string, string[] | null>) {
  const all = Object.entries(tasks).map(([name, hosts]) => [
    name,
    { schedule: '@daily', command: 'x', ...(hosts && { hosts }) },
  ])
  const file = good(JSON.stringify({ hosts: groups, tasks: Object.fromEntries(all) }))
  return blocksOf(namedHosts(file)).map(({ hosts, own, shared, common, lacks }) => {
    const names = own.map(({ task, part }) => task.name + (part ? '*' : ''))
    const without = lacks.map(({ name }) => name)
    return `${hosts.map(({ host }) => host).join()}: ${names.join()}; ${shared} of ${common}; ${without.join()}`
  })
}

test('hosts with the same tasks are one block, by what they have beyond everywhere', () => {
  expect(
    blocks(
      { web: ['10.0.1.0/24'], db: ['10.0.2.11'], app: ['10.0.3.1'] },
      { a: null, b: null, w: ['web'], c: ['!db'], d: ['db', '10.0.2.0/28'] },
    ),
  ).toEqual([
    'everywhere,app,10.0.3.1: a,b,c; 0 of 0; ',
    'web,10.0.1.0/24: w; 3 of 3; ',
    'db,10.0.2.11: d; 2 of 3; c',
    '10.0.2.0/28: c*,d; 2 of 3; ',
  ])
})

test('a task of everywhere that only some of the machines run is one of their own', () => {
  expect(blocks({ web: ['10.0.1.0/24'] }, { a: ['!10.0.1.9'], b: null })).toEqual([
    'everywhere: a,b; 0 of 0; ',
    'web,10.0.1.0/24: a*; 1 of 2; ',
    '10.0.1.9: ; 1 of 2; a',
  ])
})

test('a file without tasks', () => {
  expect(blocks({ web: ['10.0.1.1'] }, {})).toEqual(['everywhere,web,10.0.1.1: ; 0 of 0; '])
})
