import { afterAll, describe, expect, test } from 'vitest'
import { installing, scriptFor, shells } from '../../../src/cli/completion/shells.ts'
import { closeSites, newSite } from '../../support/torch.ts'

afterAll(closeSites)

describe.concurrent('torch completion', () => {
  test('torch completion zsh prints the script for zsh, and nothing else', async () => {
    expect(await newSite().torch('completion', 'zsh')).toMatchObject({
      status: 0,
      stdout: scriptFor('zsh'),
      stderr: '',
    })
  })

  test('torch completion without a shell prints the script for the shell in SHELL, and says how to install it', async () => {
    const ended = await newSite().torchWith({ env: { SHELL: '/usr/local/bin/fish' } }, 'completion')
    expect(ended).toMatchObject({ status: 0, stdout: scriptFor('fish') })
    expect(ended.stderr.split('\n')).toEqual([
      'This script is for fish. To install it:',
      ...installing.fish.map((line) => `  ${line}`),
      '',
    ])
  })

  const all = 'torch completion bash, torch completion zsh, torch completion fish'
  test.each([
    [[], '/bin/dash', 'no completion for the shell dash', all],
    [[], undefined, 'SHELL is not set, so name a shell', all],
    [['zhs'], '/bin/bash', 'no completion for the shell "zhs"', 'did you mean "zsh"?'],
    [
      ['powershell'],
      undefined,
      'no completion for the shell "powershell"',
      'torch completes in bash, zsh, fish',
    ],
  ])('torch completion %j with SHELL=%s is wrong usage', async (words, SHELL, message, hint) => {
    const ended = await newSite().torchWith({ env: { SHELL } }, 'completion', ...words)
    expect(ended).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `torch: ${message}\nhint: ${hint}\n`,
    })
  })

  test('torch completion --json prints JSON, but TORCH_JSON=1 does not change the script', async () => {
    const site = newSite()
    const { stdout } = await site.torch('completion', 'bash', '--json')
    expect(JSON.parse(stdout)).toEqual({ shell: 'bash', script: scriptFor('bash') })
    const sourced = await site.torchWith({ env: { TORCH_JSON: '1' } }, 'completion', 'bash')
    expect(sourced.stdout).toBe(scriptFor('bash'))
  })
})

test.each(shells)('the completion script for %s says how to install it', (shell) => {
  for (const line of installing[shell]) expect(scriptFor(shell)).toContain(`\n#   ${line}\n`)
})

test('the completion script for zsh begins with #compdef, by which zsh finds it', () => {
  expect(scriptFor('zsh').split('\n')[0]).toBe('#compdef torch')
})
