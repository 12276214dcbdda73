import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lacksOf } from '../../src/doctor/systemd-unit.ts'

const shipped = fs.readFileSync('systemd/torch.service', 'utf8')

describe('what a unit lacks', () => {
  test('nothing, where it is the one that is shipped', () => {
    expect(lacksOf([shipped], shipped)).toEqual([])
  })

  test('is what counts, whatever else is another', () => {
    const mine = shipped
      .replace('KillMode=process\n', '')
      .replace('OOMPolicy=continue', 'OOMPolicy=stop')
      .replace('TimeoutStopSec=10min', 'TimeoutStopSec=1h')
      .replace('TORCH_TASKS=/etc/torch/tasks.yaml', 'TORCH_TASKS=/srv/ops.yaml')
    expect(lacksOf([mine], shipped)).toEqual([
      { key: 'KillMode', is: undefined, should: 'process' },
      { key: 'OOMPolicy', is: 'stop', should: 'continue' },
    ])
  })

  test('a drop-in takes away, and gives back', () => {
    const away = '# why\n[Unit]\nKillMode=none\n[Service]\n  KillMode = mixed  \n'
    expect(lacksOf([shipped, away], shipped)).toEqual([
      { key: 'KillMode', is: 'mixed', should: 'process' },
    ])
    expect(lacksOf([shipped, away, '[Service]\nKillMode=process\n'], shipped)).toEqual([])
  })

  test('almost all, where it is empty', () => {
    expect(lacksOf([''], shipped).map(({ key }) => key)).toEqual(
      'Type NotifyAccess KillMode Delegate TasksMax OOMPolicy Restart'.split(' '),
    )
  })
})
