import type { Command } from './command.ts'

/** All commands, in the order of the help. What they do is in commands/, loaded when it is needed. */
export const commands: readonly Command[] = [
  {
    name: 'start',
    group: 'daemon',
    usage: '',
    summary: 'start the daemon',
    description:
      'Starts the daemon in the background and returns when it is ready. If it cannot start, this prints why and exits with 1. Each home has one daemon.',
    options: ['foreground', 'address', 'grace', 'log-level'],
    examples: [
      ['start --tasks /srv/app/tasks.yaml', 'run the tasks of this machine'],
      ['start --foreground', 'under systemd, in a container, or to watch it'],
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
      'Stops the daemon and returns when it is gone. No new run starts. Runs of daemon tasks get TERM at once; other runs may finish within the grace period. What still runs then gets TERM, and KILL after its kill_after. A second stop ends the grace period.',
    options: ['grace', 'leave'],
    // In a variable or a config file it is the grace that the daemon starts with.
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
      'Replaces the daemon with a new one, for example after an upgrade of torch. Runs continue, and no second is skipped or done twice. If the new daemon does not become ready, the old one stays and this prints why.',
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
    name: 'status',
    group: 'look',
    usage: '[TASK...]',
    summary: 'show what runs, what is next, how it last ended',
    description:
      "Shows what is running, what is next and how each task last ended; a pattern such as 'backup-*' selects tasks. If there are more tasks than rows on the screen, it shows those that need attention first. It works without a daemon too.",
    options: ['label', 'outcome', 'all', 'watch', 'address'],
    flagsOnly: ['all', 'watch'],
    examples: [
      ['status', 'the daemon, its file and all tasks'],
      ["status 'backup*' --label team=data", 'some tasks of one team'],
      ['status --outcome failed,timeout,running', 'what needs attention'],
      ['status backup --json', 'one task, for a program'],
    ],
    run: async (...call) => (await import('./commands/status/show-status.ts')).showStatus(...call),
  },
  {
    name: 'next',
    group: 'look',
    usage: '[TASK...]',
    summary: 'show when tasks are due',
    description:
      "Shows when tasks are due: the given ones, also by a pattern such as 'backup-*', or all tasks of this machine. It needs no daemon.",
    options: ['schedule', 'timezone', 'from', 'count', 'label', 'host', 'address'],
    examples: [
      ['next', 'what is due on this machine'],
      ["next 'backup*' --label team=data", 'some tasks of one team'],
      ['next backup --count 10 --from 2026-03-08T00:00', 'ten start times of one task'],
      ['next --schedule "30 2 * * mon" --timezone Asia/Tokyo', 'try a schedule'],
    ],
    run: async (...call) => (await import('./commands/next/show-next.ts')).showNext(...call),
  },
  {
    name: 'plan',
    group: 'look',
    usage: '[FILE]',
    summary: 'show which machine runs what, from the file alone',
    description:
      'Shows which machines run which tasks, when each is due next, and the starts of the next 24 hours, from the tasks file alone, with warnings for the reviewer. With --host it shows one machine, and why it does not run the other tasks; --address then gives its addresses.',
    options: ['host', 'address', 'label', 'from'],
    examples: [
      ['plan', 'the file of the running daemon, or ./tasks.yaml'],
      ['plan new.yaml --host 10.0.1.7', 'one machine, before it has the file'],
      ['plan --host web1.example.com --address 10.0.1.7', 'one machine by name and address'],
      ['plan --label team=data --json', 'the tasks of one team, for a program'],
    ],
    run: async (...call) => (await import('./commands/plan/show-plan.ts')).showPlan(...call),
  },
  {
    name: 'history',
    group: 'look',
    usage: '[TASK|RUN...]',
    summary: 'show past runs, skipped and missed starts',
    description:
      "Shows past runs, skipped and missed starts, the newest last. A task may be a pattern such as 'backup-*'. For a run, given by its id or the beginning of it, it shows everything on record. It works without a daemon too.",
    options: ['since', 'outcome', 'label', 'limit'],
    examples: [
      ['history', 'the last 20'],
      ['history backup --since 7d --outcome failed,timeout', 'what failed this week'],
      ['history --outcome missed --outcome skipped', 'what did not start, and why'],
      ['history 20261121T0230', 'one run, by the beginning of its id'],
      ['history -n 1000 --json', 'for a program'],
    ],
    run: async (...call) =>
      (await import('./commands/history/show-history.ts')).showHistory(...call),
  },
  {
    name: 'logs',
    group: 'look',
    usage: 'TASK...|RUN',
    summary: 'show the output of runs',
    description:
      "Prints the output of the last run of a task, or of a run given by its id or the beginning of it, byte for byte. For several tasks, or a pattern such as 'backup-*', each line starts with the name of its task. It works without a daemon too.",
    options: ['run', 'since', 'follow', 'lines'],
    examples: [
      ['logs backup', 'the last run'],
      ['logs consumer -f -n 20', 'the last 20 lines, then new output'],
      ["logs 'backup*' consumer -f", 'several tasks, new ones too'],
      ['logs backup --since 1d', 'all runs of the last day'],
      ['logs 20261121T0230', 'one run, by the beginning of its id'],
      ['logs backup --json', 'the run and its output, for a program'],
    ],
    run: async (...call) => (await import('./commands/logs/show-logs.ts')).showLogs(...call),
  },
  {
    name: 'run',
    group: 'act',
    usage: 'TASK',
    summary: 'run a task now',
    description:
      'Runs a task now on this machine, whatever its schedule and hosts are, and shows its output. The run is recorded like any other. Without a daemon, this command runs it. The exit status is that of the task; 124 after a timeout, 128 plus the number of the signal that ended it, 126 or 127 if it could not start. Ctrl-C goes to the task.',
    options: ['force', 'detach'],
    examples: [
      ['run backup', 'now, and show its output'],
      ['run backup --detach', 'start it and return'],
      ['run backup --force', 'although it is at its max'],
    ],
    run: async (...call) => (await import('./commands/run/run.ts')).run(...call),
  },
  {
    name: 'kill',
    group: 'act',
    usage: 'TASK|RUN...',
    summary: 'end runs',
    description:
      "Ends all runs of a task, or one run given by its id or the beginning of it. The process group gets TERM, and KILL after the kill_after of the task. A task may be a pattern such as 'backup-*'. Exits with 1 if an argument matches nothing that is running.",
    options: ['signal'],
    examples: [
      ['kill backup', 'end it'],
      ['kill consumer --signal HUP', 'only send a signal'],
    ],
    run: async (...call) => (await import('./commands/kill.ts')).kill(...call),
  },
  {
    name: 'validate',
    group: 'file',
    usage: '[FILE]',
    summary: 'check a tasks file',
    description:
      'Checks a tasks file, or a directory of them, and shows every problem with its place. Exits with 0 if the file is valid, even with warnings, otherwise with 2.',
    options: [],
    examples: [
      ['validate', 'the file of the running daemon, or ./tasks.yaml'],
      ['validate new.yaml --json', 'for a program or a git hook'],
    ],
    run: async (...call) => (await import('./commands/validate.ts')).validate(...call),
  },
  {
    name: 'diff',
    group: 'file',
    usage: '[REV [REV]]',
    summary: 'show what a change of the tasks file means',
    description:
      'Shows what a change of the tasks file means: tasks added, removed, renamed and changed, what each machine gains and loses, and how the starts of the next 24 hours differ. It compares HEAD or REV with the working file, or REV with REV; A..B and A...B work as in git. Comments, order and quotes do not count as changes.',
    options: ['exit-code', 'markdown', 'from'],
    flagsOnly: ['exit-code', 'markdown'],
    examples: [
      ['diff', 'before a commit'],
      ['diff HEAD~3 HEAD', 'what the last three commits mean'],
      ['diff --markdown origin/main...HEAD', 'as a comment on a pull request'],
      ['diff --exit-code', 'exit with 1 on a change, with 2 if the file is not valid'],
    ],
    run: async (...call) => (await import('./commands/diff/show-diff.ts')).showDiff(...call),
  },
  {
    name: 'import',
    group: 'file',
    usage: 'FORMAT [FILE]',
    summary: 'convert a crontab or a gotorch file',
    description:
      'Converts a crontab, or the tasks file of gotorch, and prints a tasks file. FORMAT is crontab or gotorch; FILE may be - for standard input. Without FILE, import crontab reads what crontab -l prints. What cannot be converted becomes a comment and a warning.',
    options: ['system'],
    flagsOnly: ['system'],
    examples: [
      ['import crontab > imported.yaml', 'your own crontab'],
      ['import crontab /etc/crontab > imported.yaml', 'one with a user in each line'],
      ['import gotorch task.json > imported.yaml', 'from gotorch'],
    ],
    run: async (...call) => (await import('./commands/import.ts')).importTasks(...call),
  },
  {
    name: 'schema',
    group: 'file',
    usage: '',
    summary: 'print the JSON Schema of tasks files, for editors',
    description:
      'Prints the JSON Schema of tasks files. Editors use it to complete keys and check values while you type, if the first line of the file is # yaml-language-server: $schema=tasks.schema.json',
    options: [],
    // It prints JSON anyway.
    flagsOnly: ['json'],
    examples: [['schema > tasks.schema.json', 'for your editor']],
    run: async (call) => (await import('./commands/schema.ts')).schema(call),
  },
  {
    name: 'doctor',
    group: 'setup',
    usage: '',
    summary: 'check this machine and say what to fix',
    description:
      'Checks what torch needs from this machine, says what is missing, what torch uses instead and how to fix it. It needs no daemon, no tasks file and no home. Exits with 0 if torch can run here, even with warnings, otherwise with 1.',
    options: ['address'],
    examples: [
      ['doctor', 'before the first start, or when something is wrong'],
      ['doctor --tasks /srv/ops/tasks.yaml', 'check what these tasks need too'],
      ['doctor --json', 'for a program'],
    ],
    run: async (...call) => (await import('./commands/doctor.ts')).doctor(...call),
  },
  {
    name: 'completion',
    group: 'setup',
    usage: '[SHELL]',
    summary: 'print a completion script for bash, zsh or fish',
    description:
      'Prints a script for bash, zsh or fish that completes commands, options, files and the names of tasks, runs, labels, hosts, time zones and revisions. Its first lines say where to put it. Without SHELL it is for your own shell ($SHELL).',
    options: [],
    // A variable is not meant for a script that a shell is about to read.
    flagsOnly: ['json'],
    examples: [
      ['completion bash > torch.bash', 'the script for bash'],
      ['completion fish > ~/.config/fish/completions/torch.fish', 'install it for fish'],
    ],
    run: async (...call) => (await import('./commands/completion.ts')).completion(...call),
  },
]

/** What else may stand in the place of a command. */
export const otherCommands: Readonly<Record<string, string>> = {
  help: 'the help of a command',
  '--help': 'all commands',
  '--version': 'the version of torch',
}

export function commandNamed(name: string | undefined): Command | undefined {
  return commands.find((command) => command.name === name)
}
