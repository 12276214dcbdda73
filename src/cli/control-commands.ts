import type { Command } from './command.ts'

/** The commands that control the daemon. */
export const daemonCommands: readonly Command[] = [
  {
    name: 'start',
    group: 'daemon',
    usage: '',
    summary: 'start the daemon',
    description:
      'Starts the daemon in the background and returns when it is ready. If it cannot start, this prints why and exits with 1, or with 2 if the tasks file is not valid. With --last-good it then starts on the last file that was loaded, and loads the new one once it is valid. Each home has one daemon.',
    options: [
      'foreground',
      'output',
      'address',
      'grace',
      'log-level',
      'view-group',
      'last-good',
      'cache',
    ],
    examples: [
      ['start --tasks /srv/app/tasks.yaml', 'run the tasks of this machine'],
      ['start --last-good', 'at boot: a bad tasks file must not leave the machine without tasks'],
      ['start --foreground', 'under systemd, in a container, or to watch it'],
      ['start --foreground --output text', 'also print what the tasks print'],
      ['start --home /tmp/try --address 10.0.1.5', 'a second daemon, as another machine'],
    ],
    run: async (...call) => (await import('./commands/start.ts')).start(...call),
  },
  {
    name: 'stop',
    group: 'daemon',
    usage: '',
    summary: 'stop the daemon and what it runs',
    description:
      'Stops the daemon and returns when it is gone. No new run starts. Runs of daemon tasks get TERM at once; other runs may finish within the grace period. Then torch sends TERM to the runs that have not ended, and KILL after their kill_after. A second stop ends the grace period.',
    options: ['grace', 'leave'],
    // A variable or a config file sets the grace that the daemon starts with.
    flagsOnly: ['grace'],
    examples: [
      ['stop', 'let runs finish'],
      ['stop --grace 0s', 'do not wait for runs'],
      ['stop --leave', 'leave runs to the next daemon'],
    ],
    run: async (...call) => (await import('./commands/stop.ts')).stop(...call),
  },
  {
    name: 'restart',
    group: 'daemon',
    usage: '',
    summary: 'replace the daemon; runs continue',
    description:
      'Replaces the daemon with a new one, of the installation that this command belongs to, for example after an upgrade of torch. Runs continue, and no second is skipped or done twice. If the new daemon does not become ready, the old one stays and this prints why.',
    options: [],
    examples: [['restart', 'after an upgrade of torch']],
    run: async (...call) => (await import('./commands/restart.ts')).restart(...call),
  },
  {
    name: 'reload',
    group: 'daemon',
    usage: '',
    summary: 'read the tasks file again and show what changed',
    description:
      'Makes the daemon read its tasks file now and shows what changed. If the file is not valid, this shows its problems, exits with 2, and the daemon keeps the last good file. The daemon also reloads when the file changes, and on SIGUSR2.',
    options: [],
    examples: [
      ['reload', 'after an edit'],
      ['reload --json', 'for a program'],
    ],
    run: async (...call) => (await import('./commands/reload.ts')).reload(...call),
  },
  {
    name: 'reopen',
    group: 'daemon',
    usage: '',
    summary: 'continue the log in a new file, for logrotate',
    description:
      'Makes the daemon close its log and open a file of the same name, after the old one was renamed. Returns when that is done. Without a daemon there is nothing to do, and this exits with 0.',
    options: [],
    examples: [['reopen', 'after a rename of daemon.log, in postrotate of logrotate']],
    run: async (...call) => (await import('./commands/reopen.ts')).reopen(...call),
  },
]

/** The commands that start and end runs. */
export const runCommands: readonly Command[] = [
  {
    name: 'run',
    group: 'act',
    usage: 'TASK',
    summary: 'run a task now',
    description:
      'Runs a task now on this machine and shows its output, even if the task is not due, not enabled or not for this machine. The run is recorded like any other. Without a daemon, this command runs it. Exits with the status of the task: 124 after a timeout, 128 plus the number of the signal that ended it, 126 or 127 if it could not start. Ctrl-C goes to the task. A task with input: live reads what you type, until Ctrl-D, or a file: torch run TASK < FILE. With -u it first fetches the newest version of the script of the task; if that fails, it exits with 1 and runs nothing.',
    options: ['force', 'detach', 'update', 'cache'],
    flagsOnly: ['update'],
    examples: [
      ['run backup', 'now, and show its output'],
      ['run backup --detach', 'start it and return'],
      ['run backup --force', 'even if it is at its max'],
      ['run report -u', 'with the newest version of its script'],
    ],
    run: async (...call) => (await import('./commands/run/run.ts')).run(...call),
  },
  {
    name: 'kill',
    group: 'act',
    usage: 'TASK|RUN...',
    summary: 'end runs',
    description:
      "Ends all runs of a task, or one run given by its id or the beginning of it. The process group gets TERM, and KILL after the kill_after of the task. A run of a task with listen is replaced instead: it gets TERM when its successor is ready, or at the second kill. A task may be a pattern such as 'backup-*'. Exits with 1 if an argument matches nothing that is running.",
    options: ['signal'],
    examples: [
      ['kill backup', 'end all its runs'],
      ['kill consumer --signal HUP', 'only send a signal'],
    ],
    run: async (...call) => (await import('./commands/kill.ts')).kill(...call),
  },
  {
    name: 'pause',
    group: 'act',
    usage: '[TASK...]',
    summary: 'start nothing of a task for a while',
    description:
      "Lets torch start nothing of these tasks on this machine, until torch resume or the time that you give. This is kept over restarts and reboots. A task may be a pattern such as 'backup-*'. With --all it holds for every task, also for one that comes into the file later. Slots that pass meanwhile become one row of the history, skipped: paused, when the pause is over; they are not caught up, and a retry is not made. What runs continues, unless --stop ends it; an instance of a daemon task that ends by itself starts again only after the pause. torch run works all the same. Other machines are not paused. It works without a daemon too.",
    options: ['all', 'for', 'until', 'reason', 'stop'],
    flagsOnly: ['all', 'for', 'until', 'reason', 'stop'],
    examples: [
      ['pause backup', 'until torch resume backup'],
      ['pause backup --for 2h --reason "new disk"', 'the others see why'],
      ['pause consumer --stop', 'end its runs, and start none'],
      ['pause --all --until 2026-12-01T06:00', 'while the machine is repaired'],
    ],
    run: async (...call) => (await import('./commands/pause.ts')).pauseTasks(...call),
  },
  {
    name: 'resume',
    group: 'act',
    usage: '[TASK...]',
    summary: 'let paused tasks start again',
    description:
      "Ends the pause of these tasks. A task may be a pattern such as 'backup-*'. With --all it ends the pause of all tasks; what somebody paused by name stays paused, unless nothing else is. It also starts the instances of a daemon task that were given up after too many starts. Exits with 0 if nothing was paused. It works without a daemon too.",
    options: ['all'],
    flagsOnly: ['all'],
    examples: [
      ['resume backup', 'it starts at its next time'],
      ['resume --all', 'after torch pause --all'],
    ],
    run: async (...call) => (await import('./commands/pause.ts')).resumeTasks(...call),
  },
  {
    name: 'send',
    group: 'act',
    usage: 'TASK [LINE...]',
    summary: 'send lines to a run, or messages to a queue',
    description:
      "Sends lines to a run of a task with input: live. Each word is a line; without words, the lines come from standard input. If the run does not read, this waits for it, and exits with 1 when the time is over. A task may be a pattern such as 'worker*': then each of them gets the lines. With --end the run sees the end of its input behind them; --end alone sends nothing, unless standard input is a pipe or a file. For a task with input: queue each line is a message, which waits on disk until a run reads it; this needs no daemon.",
    options: ['run', 'all', 'end', 'timeout'],
    flagsOnly: ['run', 'all', 'end', 'timeout'],
    examples: [
      ['send console "print(1)"', 'one line'],
      ['send console', 'what you type, until Ctrl-D'],
      ["send 'worker*' stop --end", 'a last line, to each of them'],
      ['send resize /a.jpg /b.jpg', 'two messages for a task with a queue'],
      ['send console --end', 'only the end'],
    ],
    run: async (...call) => (await import('./commands/send/send.ts')).send(...call),
  },
]
