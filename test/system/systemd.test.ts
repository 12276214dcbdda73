import { beforeAll, describe, expect, test } from 'vitest'
import { canBootSystemd, underSystemd } from '../support/systemd-box.ts'
import { root } from '../support/torch.ts'

/**
 * All steps run in one boot, because booting and starting the daemon take most of the time. A restart
 * takes a second of processor time; a race is looked for with more of them.
 */
const restarts = Number(process.env['TORCH_TEST_RESTARTS'] ?? 8)
const boundMs = 300_000

const script = `
set -u
command -v node >/dev/null || ln -s ${process.execPath} /usr/local/bin/node
ln -sf ${root}/bin/torch.js /usr/local/bin/torch
export TORCH_HOME=/var/lib/torch
mkdir -p /etc/torch /etc/systemd/system/torch.service.d
cp ${root}/systemd/torch.service /etc/systemd/system/
# So that the test does not wait.
printf '[Service]\\nRestartSec=200ms\\nWatchdogSec=2s\\n' >/etc/systemd/system/torch.service.d/test.conf
cat >/etc/torch/tasks.yaml <<'END'
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>/tmp/second" }
  steady: { type: daemon, command: "echo $$ >>/tmp/steady; exec sleep 600" }
  long: { schedule: "@yearly", command: sleep 600 }
  liar: { schedule: "@yearly", command: "NOTIFY_SOCKET=/run/systemd/notify systemd-notify MAINPID=1 STATUS=lie STOPPING=1" }
END
cp /etc/torch/tasks.yaml /tmp/good.yaml
ask() { curl -sS --unix-socket /var/lib/torch/torch.sock -d '{}' "http://torch/$1"; }
shown() { systemctl show torch -p "$1" --value; }
# Whether systemd, the pidfile and the socket mean the same living daemon.
agree() {
  local main=$(shown MainPID)
  [ "$(shown ActiveState)" = active ] && [ "$main" != 0 ] && kill -0 "$main" &&
    [ "$main" = "$(cat /var/lib/torch/torch.pid)" ] && ask status | grep -q "\\"pid\\":$main,"
}
# Waits until the command succeeds.
until_ok() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }
other_main() { [ "$(shown MainPID)" != "$1" ] && agree; }
check() { local name=$1; shift; if "$@" >/tmp/why 2>&1; then echo "$name: yes"; else echo "$name: no: $(cat /tmp/why)"; fi; }

systemctl daemon-reload
check start systemctl start torch
check started agree
echo "identifier: $(journalctl -t torch -o cat | grep -c '"event":"ready"')"

sed -i 's/^tasks:/tasks:\\n  added: { schedule: "@yearly", command: "true" }/' /etc/torch/tasks.yaml
check reload systemctl reload torch
check reloaded until_ok eval "ask status | grep -q added"
check ready-again until_ok eval '[ "$(shown ActiveState)" = active ] && shown StatusText | grep -q "5 of 5"'

before=$(shown MainPID)
check restart systemctl restart torch
check restarted other_main "$before"

lost=0
for _ in $(seq ${restarts}); do
  ask restart | grep -q pid || lost=$((lost + 1))
  agree || lost=$((lost + 1))
done
echo "lost: $lost"
echo "restarts: $(shown NRestarts)"
echo "refused: $(journalctl -u torch -o cat | grep -c 'reception only permitted')"

torch run long --detach >/dev/null
steady=$(wc -l </tmp/steady)
before=$(shown MainPID)
kill -9 "$before"
check after-kill until_ok other_main "$before"
check adopted eval 'torch status long --json | grep -q "\\"running\\": \\[$" && pgrep -f "sleep 600" >/dev/null'
echo "steady-again: $(($(wc -l </tmp/steady) - steady))"

torch run liar >/dev/null
check liar eval 'agree && ! shown StatusText | grep -q lie'

before=$(shown MainPID)
kill -STOP "$before"
check after-watchdog until_ok other_main "$before"

echo 'tasks: { a: { schedule: "61 * * * * *", command: ls } }' >/etc/torch/tasks.yaml
check warned until_ok eval 'journalctl -u torch -p warning -o cat | grep -q refused'
cp /tmp/good.yaml /etc/torch/tasks.yaml
check good-again until_ok eval 'ask status | grep -q "\\"ok\\":true"'

stopped() { [ "$(shown ActiveState)" = inactive ] && [ ! -s /sys/fs/cgroup/system.slice/torch.service/cgroup.procs ] && ! pgrep -f "sleep 600"; }
torch stop --grace 0s >/tmp/stop 2>&1
check stop-words grep -q '^systemd does not start it again; to start it: systemctl start torch$' /tmp/stop
sleep 1
check stays-stopped stopped
systemctl start torch
check stop systemctl stop torch
check all-ended stopped

# A daemon that systemd does not know, in the control group of the unit.
mkdir -p /sys/fs/cgroup/system.slice/torch.service
(echo $BASHPID >/sys/fs/cgroup/system.slice/torch.service/cgroup.procs && torch start --tasks /tmp/good.yaml >/dev/null)
before=$(cat /var/lib/torch/torch.pid)
torch doctor --json >/tmp/doctor
check doctor grep -q "systemd has lost the daemon (pid $before)" /tmp/doctor
check lost-start systemctl start torch
check lost-found other_main "$before"
check lost-ended eval '! kill -0 "$before"'
systemctl enable torch
torch stop --grace 0s 2>&1 | grep -q 'at the next boot, or by: systemctl start torch$' && echo 'enabled-words: yes'

: >/etc/torch/tasks.yaml
check last-good systemctl start torch
systemctl stop torch
rm /var/lib/torch/last-good
systemctl start torch
check failed-start eval 'journalctl -u torch -p err -o cat | grep -q "^torch: "'
systemctl stop torch
echo "slots: $(tr '\\n' ' ' </tmp/second)"
`

/** What each step must print. */
const steps: [step: string, printed: string, sentence: string][] = [
  ['start', 'yes', 'systemctl start returns when the daemon is ready'],
  ['started', 'yes', 'the main process of the unit is the daemon of the home'],
  ['identifier', '1', 'journalctl -t torch shows the log'],
  ['reload', 'yes', 'systemctl reload succeeds'],
  ['reloaded', 'yes', 'systemctl reload makes the daemon read its file again'],
  ['ready-again', 'yes', 'after a reload the unit is active and its status shows the new tasks'],
  ['restart', 'yes', 'systemctl restart succeeds'],
  ['restarted', 'yes', 'after systemctl restart another daemon is the main process'],
  ['lost', '0', `systemd follows the daemon through ${restarts} calls of torch restart`],
  ['restarts', '0', 'torch restart never makes systemd start a daemon itself'],
  ['refused', '0', 'systemd accepts every message of both daemons of a restart'],
  ['after-kill', 'yes', 'systemd starts a daemon after kill -9'],
  ['adopted', 'yes', 'the next daemon adopts the runs that continue after kill -9'],
  ['steady-again', '0', 'a daemon task does not start again after kill -9 of the daemon'],
  ['liar', 'yes', 'systemd does not listen to a task that claims to be the daemon'],
  ['after-watchdog', 'yes', 'the watchdog ends a daemon that hangs, and systemd starts another'],
  ['warned', 'yes', 'journalctl -p warning shows that a tasks file was refused'],
  ['good-again', 'yes', 'the daemon takes the repaired tasks file'],
  ['stop-words', 'yes', 'torch stop says that systemd does not start it again'],
  ['enabled-words', 'yes', 'torch stop says that systemd starts an enabled unit at the next boot'],
  ['doctor', 'yes', 'torch doctor reports a daemon that systemd has lost'],
  ['lost-start', 'yes', 'systemctl start succeeds although a lost daemon of the unit runs'],
  ['lost-found', 'yes', 'the daemon that systemd starts takes the place of a lost one'],
  ['lost-ended', 'yes', 'the lost daemon ends'],
  ['stays-stopped', 'yes', 'torch stop ends the daemon and its runs, and systemd leaves it so'],
  ['stop', 'yes', 'systemctl stop succeeds'],
  ['all-ended', 'yes', 'systemctl stop leaves neither a daemon nor a run'],
  ['last-good', 'yes', 'the unit starts on the last good tasks file if the new one is bad'],
  ['failed-start', 'yes', 'journalctl -p err shows why a start failed'],
]

describe.runIf(canBootSystemd())('under systemd', () => {
  const heard = new Map<string, string>()
  beforeAll(async () => {
    const output = await underSystemd(script, [root], boundMs)
    for (const line of output.split('\n')) {
      const [, step, printed] = /^([\w-]+): (.*)$/.exec(line) ?? []
      if (step !== undefined) heard.set(step, printed ?? '')
    }
  }, boundMs + 10_000)

  test.each(steps.map(([step, printed, sentence]) => [sentence, step, printed]))(
    '%s',
    (_, step = '', printed) => expect(heard.get(step)).toBe(printed),
  )

  test('no slot starts twice in any of these tests', () => {
    const slots = heard.get('slots')?.trim().split(' ') ?? []
    expect(slots.length).toBeGreaterThan(restarts)
    expect(new Set(slots).size).toBe(slots.length)
  })
})
