import { describe, expect, test } from 'vitest'
import { diffMarkdown } from '../../../../src/cli/commands/diff/diff-markdown.ts'
import { maxPageChars } from '../../../../src/cli/commands/diff/markdown-page.ts'
import { compared, folder } from '../../../forecast/diff/compared.ts'

function markdown(before: string | undefined, after: string | undefined): string {
  return diffMarkdown(compared(before, after), { folder, zone: 'UTC' })
}

const before = `
hosts: { web: [web1, web2] }
tasks:
  dump: { schedule: "30 2 * * *", command: "set -e\\nrm *|@ada\\ndump\\n", hosts: [web] }
  old: { schedule: "@daily", command: old }
  report: { schedule: "H 6 * * *", command: report }
  consumer: { type: daemon, command: [node, consumer.js] }
`
const after = before
  .replace('rm *|@ada', '</details> ```')
  .replace(/ {2}old.*\n/, '')
  .replace('report:', 'daily-report:')
  .replace('[node, consumer.js]', '"node consumer.js | tee `log`"')
  .replace('web2]', 'web3]')
  .concat(
    '  new: { schedule: ["@hourly", "@reboot"], command: new, max: 2, labels: { team: a|b } }\n',
  )

test('a comment on a pull request shows every kind of change', () => {
  expect(markdown(before, after))
    .toBe(`**\`tasks.yaml\`**, \`HEAD (4f2a91c03b1e) -> working copy\`: **1 task added, 1 removed, 1 renamed, 2 changed, 1 host group changed**

#### Added

| task | schedule | hosts | command | more |
| --- | --- | --- | --- | --- |
| \`new\` | \`["@hourly", "@reboot"]\` | _everywhere_ | \`new\` | \`max\`: \`2\`<br>\`labels.team\`: <code>a&#124;b</code> |

#### Removed

| task |
| --- |
| \`old\` |

#### Renamed

| from | to |  |
| --- | --- | --- |
| \`report\` | \`daily-report\` | start times move: H depends on the name |

#### Changed

| task | key | before | after |
| --- | --- | --- | --- |
| \`dump\` | \`command\` | _below_ | _below_ |
| \`consumer\` | \`command\` | \`[node, consumer.js]\` | <code>node consumer.js &#124; tee &#96;log&#96;</code> |

#### Daemon tasks that restart

| task |
| --- |
| \`consumer\` |

#### Host groups

| group | added | removed |
| --- | --- | --- |
| \`web\` | \`web3\` | \`web2\` |

#### What runs where

| on | gains | loses |
| --- | --- | --- |
| \`everywhere\`, \`web\`, \`web1\` | \`new\` | \`old\` |
| \`web3\` | \`dump\`, \`new\` | \`old\` |
| \`web2\` | \`new\` | \`dump\`, \`old\` |

#### Starts in 24 hours

| on | starts | busiest second (UTC) |
| --- | --- | --- |
| \`everywhere\` | ~2 -> ~25 (+23) |  |
| \`web\`, \`web1\` | ~3 -> ~26 (+23) |  |
| \`web3\` | ~2 -> ~26 (+24) |  |
| \`web2\` | ~3 -> ~25 (+22) |  |

<details><summary><code>dump</code>: <code>command</code></summary>

\`\`\`\`diff
  set -e
- rm *|@ada
+ </details> \`\`\`
  dump
\`\`\`\`

</details>`)
})

test('a comparison without changes is one line; problems of a file follow under a heading', () => {
  expect(markdown(before, before)).toBe(
    '**`tasks.yaml`**, `HEAD (4f2a91c03b1e) -> working copy`: **no change in meaning**',
  )
  expect(markdown(before, before.replace('command: old', 'command: [old'))).toContain(
    '#### Problems\n\n```text\ntasks.yaml:',
  )
})

describe('A comment that would be too long', () => {
  const tasks = (count: number, more: (at: number) => string) =>
    `tasks:\n${Array.from({ length: count }, (_, at) => `  t${at}: { schedule: "@daily", command: c${at}${more(at)} }\n`).join('')}`

  test('a comment that is too long keeps what fits and counts what it leaves out', () => {
    const page = markdown(
      tasks(0, () => '').replace('tasks:', 'tasks: {}'),
      tasks(2_000, () => ''),
    )
    expect(page.length).toBeLessThanOrEqual(maxPageChars)
    expect(page.length).toBeGreaterThan(maxPageChars - 1_000)
    const kept = page.match(/^\| `t\d+` /gm)?.length ?? 0
    const left = / (\d+) tasks, 1 line, 1 line\./.exec(page)
    expect(page.split('\n').at(-1)).toMatch(
      /^\*\*Left out\*\* \(a comment has at most 65536 characters\): /,
    )
    expect(kept + Number(left?.[1])).toBe(2_000)
  })

  test('a comment leaves out a single value that is too long, and keeps the values after it', () => {
    const long = (text: string) => (at: number) =>
      `, description: "${text.repeat(at === 0 ? 32_600 : 100)}"`
    const page = markdown(tasks(2, long('x')), tasks(2, long('y')))
    expect(['t0', 't1'].map((name) => page.includes(`<code>${name}</code>`))).toEqual([false, true])
    expect(page.slice(-100)).toMatch(/: 1 long value\. Run `torch diff` to see everything\.$/)
  })
})

test('changed targets of messages have a table of their own', () => {
  const file = (url: string) => `notify: { ops: { webhook: "${url}" } }\ntasks: {}\n`
  expect(markdown(file('https://x.example/T0K'), file('https://y.example/T0K'))).toContain(
    '| key | before | after |\n| --- | --- | --- |\n| `notify.ops.webhook` | `https://x.example/…` | `https://y.example/…` |',
  )
  expect(markdown(file('https://x.example/T0K'), file('https://x.example/T0K2'))).toContain(
    '| `notify.ops.webhook` | `https://x.example/…` | _changed_ |',
  )
})
