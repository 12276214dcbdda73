import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { scriptFor } from '../../../src/cli/completion/shells.ts'
import { closeSites, newSite, type Site, script } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterAll(closeSites)

const tasks = `
tasks:
  backup: { schedule: '@daily', command: 'true', labels: { team: my data }, description: all of it }
  bacon: { schedule: '@daily', command: 'true', labels: { evil: $(date) it's } }
`

/** What is typed before Tab, and what stands there afterwards in bash and zsh. */
const lines: readonly (readonly [typed: string, after: string])[] = [
  ['torch hist', 'torch history '],
  ['torch st', 'torch st'],
  ['torch status backu', 'torch status backup '],
  ['torch run -- backu', 'torch run -- backup '],
  ['torch --json status backu', 'torch --json status backup '],
  ['torch logs backup -', 'torch logs backup -'],
  ['torch history --si', 'torch history --since '],
  ['torch history --outcome f', 'torch history --outcome failed '],
  ['torch history --outcome=f', 'torch history --outcome=failed '],
  ['torch next --label te', String.raw`torch next --label team=my\ data `],
  ['torch next --label=te', String.raw`torch next --label=team=my\ data `],
  ['torch next --label "te', 'torch next --label "team=my data" '],
  ['torch next --label ev', String.raw`torch next --label evil=\$\(date\)\ it\'s `],
  ['torch next --label "ev', String.raw`torch next --label "evil=\$(date) it's" `],
  ["torch next --label 'ev", String.raw`torch next --label 'evil=$(date) it'\''s' `],
  ['torch validate My', String.raw`torch validate My\ Dir/`],
  ['torch status --tasks=My', String.raw`torch status --tasks=My\ Dir/`],
  [String.raw`torch status --tasks=My\ Dir/`, String.raw`torch status --tasks=My\ Dir/other.yaml `],
  [
    String.raw`torch run --tasks My\ Dir/other.yaml th`,
    String.raw`torch run --tasks My\ Dir/other.yaml there `,
  ],
  ['torch stop --home My', String.raw`torch stop --home My\ Dir/`],
  ['echo x; torch hist', 'echo x; torch history '],
]

/** What a shell that somebody sits at reads first: a key shows what stands on its line. */
const settings = {
  bash: String.raw`PS1='ready> '
source <(torch completion bash)
bind -x '"\C-x\C-x": echo "$READLINE_LINE|" >>typed; READLINE_LINE='
`,
  zsh: String.raw`PS1='ready> '
fpath=("$PWD/functions" $fpath)
autoload -Uz compinit; compinit -u -D
show() { print -r -- "$BUFFER|" >>typed; BUFFER='' }
zle -N show; bindkey '^X^X' show
`,
}

function siteFor(): Site {
  const site = newSite(tasks)
  fs.mkdirSync(path.join(site.folder, 'bin'))
  fs.symlinkSync(script, path.join(site.folder, 'bin/torch'))
  site.write('My Dir/other.yaml', 'tasks: { there: { schedule: "@daily", command: "true" } }\n')
  site.write('.bashrc', settings.bash)
  site.write('.zshrc', settings.zsh)
  site.write('functions/_torch', scriptFor('zsh'))
  return site
}

function environment(site: Site): Record<string, string> {
  const PATH = `${site.folder}/bin:${process.env['PATH']}`
  return {
    PATH,
    HOME: site.folder,
    TORCH_HOME: site.home,
    TERM: 'xterm',
    TZ: 'UTC',
    TEST_SITE: site.folder,
  }
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** A home is a directory. If no directory matches, zsh offers files, as it does for cd. */
const noFolder = 'torch stop --home tasks'
const odd = {
  bash: [[noFolder, noFolder]],
  zsh: [[noFolder, `${noFolder}.yaml `]],
} as const

describe.each(['bash', 'zsh'] as const)('%s', (shell) => {
  const all = [...lines, ...odd[shell]]
  test.skipIf(!isThere(shell))(
    `${shell} completes what is typed at a terminal (needs ${shell})`,
    async () => {
      const site = siteFor()
      // A pseudo-terminal, by util-linux.
      const terminal = spawn('script', ['-qec', `${shell} -i`, '/dev/null'], {
        cwd: site.folder,
        env: environment(site),
      })
      let shown = ''
      terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()))
      const ended = new Promise((resolve) => terminal.once('close', resolve))
      await until(() => shown.includes('ready> '), `the prompt of ${shell}`)
      for (const [typed] of all) terminal.stdin.write(`${typed}\t\u0018\u0018`)
      const file = path.join(site.folder, 'typed')
      const read = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('|\n') : [])
      await until(() => read().length > all.length, `${all.length} lines; ${shell} shows ${shown}`)
      terminal.stdin.end('\u0004')
      await ended
      expect(read().slice(0, -1)).toEqual(all.map(([, after]) => after))
    },
  )
})

describe.skipIf(!isThere('fish'))('fish (needs fish)', () => {
  const site = siteFor()
  site.write('.config/fish/completions/torch.fish', scriptFor('fish'))
  /** Candidates of the line, with a tab before what they mean. */
  const offered = (line: string): string[] => {
    const { stdout } = spawnSync('fish', ['-c', 'complete -C $argv[1]', '--', line], {
      cwd: site.folder,
      env: environment(site),
    })
    return stdout.toString().split('\n').slice(0, -1)
  }

  test.each([
    [
      'torch sta',
      ['start\tstart the daemon', 'status\tshow what runs, what is next, how each task ended'],
    ],
    ['torch status bac', ['backup', 'bacon']],
    ['torch history --outcome=f', ['--outcome=failed']],
    ['torch history --outcome f', ['failed']],
    ['torch next --label=te', ['--label=team=my data']],
    ['torch next --label "te', ['team=my data']],
    [
      'torch logs backup --fo',
      ['--follow\tkeep printing new output, of later runs too, until Ctrl-C'],
    ],
    ['torch validate My', ['My Dir/']],
    ['torch status --tasks=My', ['--tasks=My Dir/']],
    ['torch run --tasks My\\ Dir/other.yaml th', ['there']],
    ['torch stop --home tas', []],
    ['echo x; torch run -- backu', ['backup']],
  ])('%s', (line, values) => {
    expect(offered(line)).toEqual(values)
  })
})
