import { describe, expect, test } from 'vitest'
import { readTasks } from '../../../src/tasks/file/read.ts'
import type { TaskScript } from '../../../src/tasks/task.ts'
import { facts, good, oneLine, problemsOf } from '../../support/tasks.ts'

const sum = '3b1f'.padEnd(64, '0')
const sources =
  'sources: { ops: "https://git.example.com/acme/v1.4/%s", raw: "http://r.example/%s" }\n'

function file(written: string, more = ''): string {
  return `${sources}tasks:\n  a: { schedule: "@daily"${more}, script: ${written} }\n`
}

function script(written: string): TaskScript | undefined {
  return good(file(written)).tasks[0]?.script
}

/** All problems of a file, with their hints. */
function problems(text: string): string[] {
  return problemsOf(text).map(oneLine)
}

const plain = {
  source: undefined,
  sha256: undefined,
  update: 'never',
  timeoutMs: 30_000,
  maxBytes: 10_000_000,
  headersFile: undefined,
}

describe('a good script', () => {
  test.each<[string, string, Partial<TaskScript>]>([
    ['a URL', 'https://x.example/a.sh', { url: 'https://x.example/a.sh' }],
    [
      'a URL in another form',
      'HTTPS://X.example:443/a b'.replace(' ', '?'),
      { url: 'https://x.example/a?b' },
    ],
    [
      'a path in a source',
      'ops:bin/pt-summary',
      { url: 'https://git.example.com/acme/v1.4/bin/pt-summary', source: 'ops:bin/pt-summary' },
    ],
    ['a map with only a URL', '{ url: "ops:a" }', { source: 'ops:a' }],
    ['an update in hours', '{ url: "ops:a", update: 1h }', { update: 3_600_000 }],
    ['an update before each start', '{ url: "ops:a", update: always }', { update: 'always' }],
    [
      'http with a sum',
      `{ url: "raw:a", sha256: ${sum} }`,
      { url: 'http://r.example/a', sha256: sum },
    ],
    ['a sum in capitals', `{ url: "ops:a", sha256: ${sum.toUpperCase()} }`, { sha256: sum }],
    [
      'a sum of digits only',
      `{ url: "ops:a", sha256: ${'12'.repeat(32)} }`,
      { sha256: '12'.repeat(32) },
    ],
    ['a sum that looks like 1e99', `{ url: "ops:a", sha256: ${'1e62'.padStart(64, '0')} }`, {}],
    [
      'all other keys',
      '{ url: "ops:a", timeout: 5s, max_size: 1kB, headers_file: git.headers }',
      { timeoutMs: 5000, maxBytes: 1000, headersFile: '/srv/git.headers' },
    ],
  ])('a script can be %s', (_what, written, meant) => {
    const read = script(written)
    expect(read).toMatchObject(meant)
    expect({ ...plain, url: read?.url, ...meant, ...read }).toEqual(read)
  })

  test('a task with a script needs no command, and may have one', () => {
    expect(good(file('ops:a')).tasks[0]?.command).toBeUndefined()
    expect(good(file('ops:a', ', command: run')).tasks[0]?.command).toBe('run')
  })

  test('sources may be in another text of the folder', () => {
    const texts = [sources, 'tasks: { a: { type: manual, script: "ops:x" } }'].map((text, at) => {
      return { path: `${at}.yaml`, text }
    })
    expect(readTasks(texts, facts)).toMatchObject({
      ok: true,
      file: { tasks: [{ script: { url: 'https://git.example.com/acme/v1.4/x' } }] },
    })
  })
})

const unpinned =
  'unpinned: each machine keeps the version that it fetched first (set sha256 (torch scripts shows it) or update: 1h; if each may keep its own, set update: never)'
const badPath =
  'expected a path of letters, digits, ".", "_", "-" and "/", without ".." and empty parts; got'

describe('a bad script', () => {
  test.each([
    [
      'http://x.example/a',
      'http is not safe without sha256: anybody on the way can change the script (use https, or set sha256)',
    ],
    [
      'raw:a',
      'http is not safe without sha256: anybody on the way can change the script (use https, or set sha256)',
    ],
    ['opps:a', 'unknown source "opps" (did you mean "ops"?)'],
    [
      'new:a',
      'unknown source "new" (name it at the top of the file: sources: { new: "https://git.example.com/%s" })',
    ],
    ['ops:../a', `${badPath} "../a"`],
    ['ops:a/../b', `${badPath} "a/../b"`],
    ['ops:/a', `${badPath} "/a" (did you mean "ops:a"?)`],
    ['ops:a//b', `${badPath} "a//b" (did you mean "ops:a/b"?)`],
    ['ops:a%2e', `${badPath} "a%2e"`],
    ['ops:a?b', `${badPath} "a?b"`],
    ['ops:a#b', `${badPath} "a#b"`],
    ['ops:a\\tb', `${badPath} "a\\tb"`],
    ['ops:', `${badPath} ""`],
    [
      'echo hi',
      'expected a URL, or a path within a source such as ops:bin/report; got "echo hi" (write what the shell runs in command)',
    ],
    [
      'bin/a',
      'expected a URL, or a path within a source such as ops:bin/report; got "bin/a" (to run a file of the machine, write its path in command)',
    ],
    [
      's3://b/a',
      'expected an https URL; got "s3://b/a" (torch fetches scripts by https only; to run a file of the machine, write its path in command)',
    ],
    ['https://', 'expected a URL; got "https://"'],
    ['https://x.example/a b', 'expected a URL; got "https://x.example/a b"'],
    [
      'https://me:secret@x.example/a',
      'expected a URL without a user name and password (a URL is shown and logged; write an Authorization line into a headers_file)',
    ],
    ['https://x.example/a#b', 'expected a URL without "#": a server does not get that part'],
  ])('the script %s is reported', (written, message) => {
    expect(problems(file(`"${written}"`))).toEqual([`tasks.a.script: ${message}`])
  })

  test.each([
    [
      '{ sha256: abc }',
      'tasks.a.script.sha256: expected a SHA-256 sum of 64 hexadecimal digits; got "abc" (this is 3 digits; sha256sum FILE prints the right one)',
      'tasks.a.script.url: expected a URL, or a path within a source such as ops:bin/report; got nothing',
    ],
    [
      `{ url: "ops:a", sha256: "sha256:${sum}" }`,
      `tasks.a.script.sha256: expected a SHA-256 sum of 64 hexadecimal digits; got "sha256:${sum.slice(0, 52)}… (did you mean "${sum}"?)`,
    ],
    [
      `{ url: "ops:a", sha256: ${'a'.repeat(40)} }`,
      `tasks.a.script.sha256: expected a SHA-256 sum of 64 hexadecimal digits; got "${'a'.repeat(40)}" (this is a SHA-1 sum; sha256sum FILE prints the right one)`,
    ],
    ['{ uri: "ops:a" }', 'tasks.a.script.uri: unknown key "uri" (did you mean "url"?)'],
    [
      '{ url: "ops:a", update: 30s }',
      'tasks.a.script.update: expected "never", "always", or a duration of at least 1m; got "30s" (write 1m or more, or always)',
    ],
    [
      '{ url: "ops:a", update: alway }',
      'tasks.a.script.update: expected "never", "always", or a duration of at least 1m; got "alway" (did you mean "always"?)',
    ],
    [
      '{ url: "ops:a", max_size: 101MB }',
      'tasks.a.script.max_size: expected a size from 1B to 100MB; got "101MB"',
    ],
    [
      '[a, b]',
      'tasks.a.script: expected a URL, or a path within a source such as ops:bin/report, or a map with url; got a list (write words to run in command)',
    ],
  ])('the map %s is reported', (written, ...messages) => {
    expect(problems(file(written)).toSorted()).toEqual(messages.toSorted())
  })

  test('a task without command and script is reported', () => {
    expect(problems('tasks: { a: { type: manual } }')).toEqual([
      'tasks.a.command: expected a command: text for the shell, or a list of words; got nothing',
    ])
  })

  test('a bad script, or a misspelt one, is not reported as a missing command too', () => {
    expect(problems('tasks: { a: { type: manual, script: 3 } }')).toHaveLength(1)
    expect(problems('tasks: { a: { type: manual, scrip: "https://x.example/a" } }')).toHaveLength(1)
  })
})

describe('a warning about a script', () => {
  test('a script with neither a sum nor an update is called unpinned', () => {
    expect(problems(file('ops:a'))).toEqual([`warning: tasks.a.script: ${unpinned}`])
    expect(problems(file('{ url: "ops:a", update: never }'))).toEqual([])
  })

  test('an update beside a sum has no effect', () => {
    expect(problems(file(`{ url: "ops:a", update: 1h, sha256: ${sum} }`))).toEqual([
      'warning: tasks.a.script.update: has no effect: with sha256, the script never changes',
    ])
  })

  test('a command that uses a script that is not given is reported', () => {
    const text = (more: string) =>
      `tasks: { a: { type: manual, command: 'sh "$TORCH_SCRIPT"'${more} } }`
    expect(problems(text(''))).toEqual([
      'warning: tasks.a.command: TORCH_SCRIPT is not set: the task has no script',
    ])
    expect(problems(text(`, script: { url: "https://x.example/a", update: 1h }`))).toEqual([])
  })
})

describe('a warning about a command beside a script', () => {
  const unused =
    'warning: tasks.a.command: script-unused: the command does not use TORCH_SCRIPT, so the script does not run (write sh "$TORCH_SCRIPT"; or remove command, and torch runs the script itself)'

  test.each([
    ['python3 report.py', [unused]],
    ['[python3, script.py]', [unused]],
    [`'sh "$TORCH_SCRIPT"'`, []],
    ['[python3, $TORCH_SCRIPT, -v]', []],
    [`[python3, -c, "import os; print(os.environ['TORCH_SCRIPT'])"]`, []],
  ])('the command %s is judged', (command, found) => {
    expect(problems(file('{ url: "ops:a", update: 1h }', `, command: ${command}`))).toEqual(found)
  })
})

describe('a warning about a headers_file', () => {
  const text = `tasks:
  a: { type: manual, script: { url: "https://x.example/a", update: 1h, headers_file: h } }
  b: { type: manual, enabled: false, script: { url: "https://x.example/b", update: 1h, headers_file: h } }
`

  test('names what is wrong with it on this machine, for the tasks that run here', () => {
    const here = { ...facts, whyNoHeaders: (path: string) => `${path} is not there` }
    const read = readTasks([{ path: 'tasks.yaml', text }], here)
    expect(read.ok && read.warnings.map(oneLine)).toEqual([
      'warning: tasks.a.script.headers_file: cannot be used on this machine: /srv/h is not there',
    ])
    expect(problems(text)).toEqual([])
  })
})

describe('sources', () => {
  const wrong =
    'expected a URL with one %s for the path, such as https://git.example.com/ops/%s; got'

  test.each([
    [
      '"https://x.example/a"',
      `sources.b: ${wrong} "https://x.example/a" (did you mean "https://x.example/a/%s"?)`,
    ],
    ['"https://x.example/%s/%s"', `sources.b: ${wrong} "https://x.example/%s/%s"`],
    ['"https://%s.example/"', `sources.b: ${wrong} "https://%s.example/"`],
    ['"git@x:%s"', `sources.b: ${wrong} "git@x:%s" (torch fetches scripts by https only)`],
    [
      '"ftp://x.example/%s"',
      `sources.b: ${wrong} "ftp://x.example/%s" (torch fetches scripts by https only)`,
    ],
    ['"HTTPS://x"', `sources.b: ${wrong} "HTTPS://x" (did you mean "HTTPS://x/%s"?)`],
    ['3', `sources.b: ${wrong} 3`],
  ])('the source %s is reported', (written, message) => {
    expect(problems(`sources: { b: ${written} }\ntasks: {}`)).toEqual([message])
  })

  test('a bad name of a source is reported', () => {
    expect(problems('sources: { 9x: "https://x.example/%s" }\ntasks: {}')).toEqual([
      'sources.9x: expected a name of letters, digits, ".", "_" and "-" that begins with a letter; got "9x"',
    ])
  })

  test('a source that is given in two texts is reported with both places', () => {
    const texts = [sources, `${sources}tasks: {}`].map((text, at) => ({ path: `${at}.yaml`, text }))
    expect(readTasks(texts, facts)).toMatchObject({
      problems: [
        { path: 'sources.ops', message: 'given twice; first at 0.yaml:1:12' },
        { path: 'sources.raw' },
      ],
    })
  })

  test('a wrong source makes only its own tasks unreadable, and is not called unknown', () => {
    const text = `sources: { b: 3, ok: "https://x.example/%s" }\ntasks:\n  a: { type: manual, script: "b:x" }\n  c: { type: manual, script: "ok:x" }\n`
    const read = readTasks([{ path: 'tasks.yaml', text }], facts, { allowPartial: true })
    expect(read).toMatchObject({
      problems: [{ path: 'sources.b' }, { severity: 'warning', path: 'tasks.c.script' }],
      partial: { unreadable: ['a'], file: { tasks: [{ name: 'c' }] } },
    })
  })

  test('while the sources cannot be read, no source is called unknown', () => {
    const text =
      'source: { ops: "https://x.example/%s" }\ntasks: { a: { type: manual, script: "ops:x" } }'
    expect(problems(text)).toEqual(['source: unknown key "source" (did you mean "sources"?)'])
  })
})
