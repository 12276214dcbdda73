import { describe, expect, test } from 'vitest'
import { formats } from '../../../src/cli/completion/complete.ts'
import type { Offer } from '../../../src/cli/completion/candidates.ts'
import { splitLine } from '../../../src/cli/completion/typed-line.ts'

function offer(...values: (string | readonly [string, string])[]): Offer {
  const candidates = values.map((each) =>
    typeof each === 'string'
      ? { value: each, description: '' }
      : { value: each[0], description: each[1] },
  )
  return { candidates, paths: 'none' }
}

describe('The reply for bash', () => {
  const breaks = ' \t\n"\'@><=;|&(:'
  test.each([
    ['torch st', ['start', 'stop', 'run'], ['start', 'stop']],
    ['torch --outcome=fa', ['--outcome=failed', '--outcome=ok'], ['failed']],
    ['torch --outcome=', ['--outcome=failed'], ['failed']],
    ['torch --label ', ['team=my data'], [String.raw`team=my\ data`]],
    ['torch --label team=', ['team=my data'], [String.raw`my\ data`]],
    ['torch --label "team=m', ['team=my data'], ['team=my data']],
    ['torch --label="te', ['--label=team=my data'], ['team=my data']],
    [String.raw`torch diff it\'`, ["it's/(mine)"], [String.raw`it\'s/\(mine\)`]],
    ['torch diff HEAD~', ['HEAD~1', 'v1.0'], ['HEAD~1']],
    ['torch diff $', ['$(reboot)'], [String.raw`\$\(reboot\)`]],
    ['torch logs "', ['$(a) `b` "c" \\d'], [String.raw`\$(a) \`b\` \"c\" \\d`]],
    ["torch logs '", ["it's $(a)"], [String.raw`it'\''s $(a)`]],
  ])(
    'for bash, %s gets matching candidates, quoted, without the part that bash keeps',
    (line, values, lines) => {
      expect(formats.bash(offer(...values), splitLine(line, breaks))).toEqual(['none', ...lines])
    },
  )
})

describe('The reply for zsh and fish', () => {
  const typed = splitLine('torch zz')
  const said = offer(['a:b\\c', 'what: it\tdoes\nmore'], 'plain')
  test('for zsh, all candidates have descriptions after a colon', () => {
    expect(formats.zsh(said, typed)).toEqual(['none', String.raw`a\:b\\c:what: it does`, 'plain'])
  })
  test('for fish, all candidates have descriptions after a tab', () => {
    expect(formats.fish(said, typed)).toEqual(['none', 'a:b\\c\twhat: it does', 'plain'])
  })
})

test.each(['bash', 'zsh', 'fish'] as const)('the reply for %s says which paths to add', (shell) => {
  expect(formats[shell]({ candidates: [], paths: 'folders' }, splitLine(''))).toEqual(['folders'])
})

test.each(['bash', 'zsh', 'fish'] as const)(
  'the reply for %s has no control characters',
  (shell) => {
    const lines = formats[shell](
      offer('a\nb', '\u001b[2J', '', ['c', '\u001b[31m\u0007red']),
      splitLine(''),
    )
    expect(lines.join('')).not.toMatch(/\p{Cc}(?<!\t)/u)
    expect(lines).toHaveLength(2)
  },
)
