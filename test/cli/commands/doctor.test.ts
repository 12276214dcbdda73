import { expect, test } from 'vitest'
import { showFindings } from '../../../src/cli/commands/doctor.ts'
import { findingsOf, note, ok, problem } from '../../../src/doctor/finding.ts'
import { fakeTerminal } from '../../support/here.ts'

const findings = findingsOf({
  git: ok('git 2.39.5'),
  home: problem('/var/lib/\u001b[31mtorch belongs to alice (uid 1000)', {
    hint: 'run torch as its owner, or choose another home with --home or TORCH_HOME',
  }),
  tzdata: note('2025c in Node, 2025b in the system', { instead: "Node's" }),
})

async function shown(look: Parameters<typeof fakeTerminal>[0]): Promise<string> {
  const terminal = fakeTerminal(look)
  await showFindings(terminal, findings)
  return terminal.stdout()
}

test('doctor shows the most severe findings first, then one line for each ok, then the summary', async () => {
  expect(await shown({}))
    .toBe(`problem  home    /var/lib/\ufffd[31mtorch belongs to alice (uid 1000)
                 try: run torch as its owner, or choose another home with --home or TORCH_HOME
note     tzdata  2025c in Node, 2025b in the system
                 instead: Node's

ok       git     git 2.39.5

torch cannot run here: 1 problem, 1 note
`)
})

test('doctor wraps its findings on a narrow terminal and colours them', async () => {
  expect(await shown({ columns: 50, colours: true }))
    .toBe(`<red>problem</>  home    /var/lib/\ufffd[31mtorch belongs to
                 alice (uid 1000)
                 try: run torch as its owner, or
                 choose another home with --home
                 or TORCH_HOME
<cyan>note</>     tzdata  2025c in Node, 2025b in the
                 system
                 instead: Node's

<green>ok</>       git     git 2.39.5

torch cannot run here: 1 problem, 1 note
`)
})
