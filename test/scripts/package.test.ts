import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

const { shrinkwrapOf } = (await import(path.join(root, 'scripts/shrinkwrap.js'))) as {
  shrinkwrapOf(lock: Lock): Lock
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { integrity?: string; dev?: boolean; devDependencies?: object }>
  >
}

const read = (name: string): unknown => JSON.parse(fs.readFileSync(path.join(root, name), 'utf8'))
const lock = read('package-lock.json') as Lock

test('every package of the lock has its integrity', () => {
  const without = Object.entries(lock.packages).filter(
    ([name, { integrity = '' }]) => name !== '' && !/^sha512-[\w+/]{86}==$/.test(integrity),
  )
  expect(without.map(([name]) => name)).toEqual([])
})

test('the lock of the published package has its dependencies, and nothing for development', () => {
  const { packages } = shrinkwrapOf(lock)
  const { dependencies, optionalDependencies } = read('package.json') as Record<string, object>
  const needed = Object.keys({ ...dependencies, ...optionalDependencies })
  expect(Object.keys(packages)).toEqual(
    expect.arrayContaining(needed.map((name) => `node_modules/${name}`)),
  )
  expect(Object.values(packages).filter(({ dev }) => dev === true)).toEqual([])
  expect(packages['']?.devDependencies).toBeUndefined()
  expect(packages['node_modules/libsql']).toEqual(lock.packages['node_modules/libsql'])
})

test('the published package has no script that npm would run when it is installed', () => {
  const { scripts } = read('package.json') as { scripts: object }
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    expect(scripts).not.toHaveProperty(name)
})

test('the unit for a user has the home that the commands of this user have', () => {
  const unit = fs.readFileSync(path.join(root, 'systemd/user/torch.service'), 'utf8')
  expect(unit).not.toContain('TORCH_HOME=')
})
