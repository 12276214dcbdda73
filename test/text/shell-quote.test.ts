import { expect, test } from 'vitest'
import { shellQuoted } from '../../src/text/shell-quote.ts'

test.each([
  ['/srv/app/tasks.yaml', '/srv/app/tasks.yaml'],
  ['/srv/my app', "'/srv/my app'"],
  ["it's", "'it'\\''s'"],
  ['$HOME;ls', "'$HOME;ls'"],
  ['~/x', "'~/x'"],
  ['', "''"],
])('the word %j is typed to a shell as %s', (word, quoted) => {
  expect(shellQuoted(word)).toBe(quoted)
})
