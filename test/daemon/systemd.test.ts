import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cgroupOf, openSystemd } from '../../src/daemon/systemd.ts'
import { sendByProgram, sendSelf } from '../../src/host/notify.ts'
import { thisMachine } from '../../src/host/host.ts'
import { handClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const has = (program: string) => spawnSync(program, ['--version']).error === undefined
const canListen = has('perl')

describe.runIf(canListen)('messages to systemd', () => {
  let folder = ''
  let listener: ChildProcess
  let heard = ''
  // systemd's end of the socket; Node has no datagrams on Unix sockets.
  const script = `
    use Socket; $| = 1;
    socket(S, PF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die; print "bound\\n";
    while (defined(recv(S, my $data, 65536, 0))) { $data =~ s/\\n*$//; $data =~ s/\\n/|/g; print "$data\\n" }
  `
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-notify-'))
    heard = ''
    listener = spawn('perl', ['-e', script, path.join(folder, 'notify')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    listener.stdout?.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    await until(() => heard.includes('bound'), 'the socket')
  })
  afterEach(() => {
    listener.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true })
  })
  const socket = () => path.join(folder, 'notify')

  test('systemd learns of readiness with the main pid, of a reload and of a stop', async () => {
    const systemd = openSystemd(thisMachine(), { NOTIFY_SOCKET: socket() })
    await systemd.ready('3 of 4 tasks run here')
    await until(
      () => heard.includes(`READY=1|MAINPID=${process.pid}|STATUS=3 of 4 tasks run here`),
      'ready',
    )
    await systemd.reloading()
    await until(() => /RELOADING=1\|MONOTONIC_USEC=\d+\n/.test(heard), 'reloading')
    await systemd.handOver(4711)
    await until(() => heard.includes('MAINPID=4711|WATCHDOG=1'), 'the handover')
    await systemd.stopping()
    await until(() => heard.includes('STOPPING=1'), 'stopping')
    systemd.close()
  })

  test.for([
    ['this process', sendSelf, true],
    ['the program systemd-notify', sendByProgram, has('systemd-notify')],
  ] as const)('%s can send a message of several lines', async ([, send, isPossible], { skip }) => {
    if (!isPossible) skip()
    await send(socket(), ['READY=1', 'STATUS=two words'])
    await until(() => heard.includes('READY=1|STATUS=two words\n'), 'the message')
  })

  test('the watchdog gets a message twice in each period, until the messages are stopped', async () => {
    const clock = handClock('2026-03-10T12:00:00Z')
    const environment = { NOTIFY_SOCKET: socket(), WATCHDOG_USEC: '30000000' }
    const systemd = openSystemd({ ...thisMachine(), clock }, environment)
    const messages = () => heard.split('WATCHDOG=1').length - 1
    await systemd.ready('')
    await until(() => messages() === 1, 'the first')
    clock.advance(15_000)
    await until(() => messages() === 2, 'the second')
    systemd.close()
    clock.advance(60_000)
    await systemd.stopping()
    await until(() => heard.includes('STOPPING=1'), 'the last message')
    expect(messages()).toBe(2)
  })
})

test('without systemd no message is sent', async () => {
  const notify = () => Promise.reject(new Error('it sent something'))
  const silent = openSystemd({ ...thisMachine(), notify }, {})
  await silent.ready('')
  await silent.reloading()
  await silent.stopping()
  silent.close()
})

test.runIf(has('systemd-analyze')).each(['torch.service', 'torch-web.service'])(
  'systemd-analyze finds no problem in %s',
  (unit) => {
    const result = spawnSync('systemd-analyze', ['verify', path.resolve('systemd', unit)])
    expect(result.stderr.toString()).toBe('')
    expect(result.status).toBe(0)
  },
)

test.each([
  ['0::/system.slice/torch.service\n', '/system.slice/torch.service'],
  ['9:name=systemd:/\n2:cpu:/x\n0::/system.slice/torch.service\n', '/system.slice/torch.service'],
  ['1:name=systemd:/system.slice/torch.service\n0::/\n', '/system.slice/torch.service'],
  ['2:cpu:/system.slice/torch.service\n0::/\n', undefined],
])('the control group of a process is found in %j', (text, group) => {
  const host = thisMachine()
  const files = { ...host.files, readText: () => text }
  expect(cgroupOf({ ...host, files }, 1)).toBe(group)
})
