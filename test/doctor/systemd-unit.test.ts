import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { unitDifferences } from '../../src/doctor/systemd-unit.ts'

const shipped = fs.readFileSync('systemd/torch.service', 'utf8')

describe('the differences of a unit', () => {
  test('the shipped unit has no differences', () => {
    expect(unitDifferences([shipped], shipped)).toEqual([])
  })

  test('a unit differs only in the settings that are compared', () => {
    const mine = shipped
      .replace('KillMode=process\n', '')
      .replace('OOMPolicy=continue', 'OOMPolicy=stop')
      .replace('TimeoutStopSec=10min', 'TimeoutStopSec=1h')
      .replace('TORCH_TASKS=/etc/torch/tasks.yaml', 'TORCH_TASKS=/srv/ops.yaml')
    expect(unitDifferences([mine], shipped)).toEqual([
      { key: 'KillMode', is: undefined, should: 'process' },
      { key: 'OOMPolicy', is: 'stop', should: 'continue' },
    ])
  })

  test('a drop-in overrides the unit, and a later drop-in overrides it again', () => {
    const away = '# why\n[Unit]\nKillMode=none\n[Service]\n  KillMode = mixed  \n'
    expect(unitDifferences([shipped, away], shipped)).toEqual([
      { key: 'KillMode', is: 'mixed', should: 'process' },
    ])
    expect(unitDifferences([shipped, away, '[Service]\nKillMode=process\n'], shipped)).toEqual([])
  })

  test('an empty unit differs in every compared setting but NotifyAccess, whose default is right', () => {
    expect(unitDifferences([''], shipped).map(({ key }) => key)).toEqual(
      'Type KillMode Delegate TasksMax OOMPolicy Restart'.split(' '),
    )
  })
})
