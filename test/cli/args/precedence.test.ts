import { describe, expect, test } from 'vitest'
import { flagName, optionNames, type OptionSource } from '../../../src/cli/args/options.ts'
import { resolveOptions, variablesSource, without } from '../../../src/cli/args/precedence.ts'

const base = { folder: '/work', userHome: '/home/ann' }

function flags(raw: Record<string, unknown>): OptionSource {
  return { kind: 'flag', base, raw, nameOf: flagName }
}

function config(raw: Record<string, unknown>): OptionSource {
  return { kind: 'config', base, raw, nameOf: (name) => `/etc/torch/torch.yaml: ${name}` }
}

describe('the value of an option', () => {
  const variables = variablesSource(
    { TORCH_GRACE: '2s', TORCH_LOG_LEVEL: 'warn', TORCH_HOME: '' },
    base,
  )
  const names = ['grace', 'log-level', 'home'] as const
  const all = (...sources: OptionSource[]) => resolveOptions(names, sources, '')

  test('a flag wins over a variable, and a variable over a config file', () => {
    const file = config({ grace: '3s', 'log-level': 'error', home: '/c' })
    const { values, from } = all(flags({ grace: '1s' }), variables, file)
    expect(values).toEqual({
      grace: 1000,
      'log-level': 'warn',
      home: { shown: '/c', absolute: '/c' },
    })
    expect(from).toEqual({ grace: 'flag', 'log-level': 'variable', home: 'config' })
  })

  test('the error for a wrong value says where it stands', () => {
    const bad = variablesSource({ TORCH_GRACE: 'x' }, base)
    expect(() => all(bad)).toThrow(/^TORCH_GRACE: expected a duration/)
    expect(() => all(config({ grace: 5 }))).toThrow(/^\/etc\/torch\/torch.yaml: grace: expected/)
  })

  test('a wrong value does not matter if a stronger source has a value', () => {
    expect(all(flags({ grace: '1s' }), config({ grace: 'x' })).values).toEqual({ grace: 1000 })
  })

  test('the value of an ignored option is not checked', () => {
    const bad = without(variablesSource({ TORCH_GRACE: 'x', TORCH_HOME: '/v' }, base), ['grace'])
    expect(all(bad)).toEqual({
      values: { home: { shown: '/v', absolute: '/v' } },
      from: { home: 'variable' },
    })
  })

  test('the variables that torch sets in runs are not options', () => {
    const set = {
      TORCH_TASK: 't',
      TORCH_RUN_ID: 'r',
      TORCH_SLOT: 's',
      TORCH_ATTEMPT: '1',
      TORCH_HOST: 'h',
    }
    expect(variablesSource(set, base).raw).toEqual({})
  })

  test.each(optionNames.filter((name) => name !== 'host'))(
    'the option --%s can be set by a variable',
    (name) => {
      const variable = `TORCH_${name.toUpperCase().replace('-', '_')}`
      expect(variablesSource({ [variable]: 'x' }, base).raw).toEqual({ [name]: 'x' })
    },
  )
})
