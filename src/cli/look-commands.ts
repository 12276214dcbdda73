import type { Command } from './command.ts'

/** The commands that show what torch does, did and will do. */
export const lookCommands: readonly Command[] = [
  {
    name: 'status',
    group: 'look',
    usage: '[TASK...]',
    summary: 'show what runs, what is next, how each task ended',
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
      "Shows when tasks are due: those you name, also by a pattern such as 'backup-*', or all tasks of this machine. It reads --tasks, else ./tasks.yaml or ./tasks, else TORCH_TASKS, else the file of the daemon, and needs no daemon.",
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
      ['plan', './tasks.yaml, else the file of the daemon'],
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
    name: 'metrics',
    group: 'look',
    usage: '',
    summary: 'print metrics for Prometheus',
    description:
      'Prints what the daemon counts and knows of the tasks of this host, as the text that Prometheus reads. Without a daemon it prints torch_up 0 and what the files say, and exits with 0 too. With --out it writes a file for the textfile collector of node_exporter, which reads only files that end in .prom.',
    options: ['out'],
    flagsOnly: ['out'],
    examples: [
      ['metrics', 'look at them'],
      ['metrics --out /var/lib/prometheus/node-exporter/torch.prom', 'for node_exporter'],
      ['metrics --json', 'for a program'],
    ],
    run: async (...call) => (await import('./commands/metrics.ts')).showMetrics(...call),
  },
  {
    name: 'inbox',
    group: 'look',
    usage: '[TASK...]',
    summary: 'show the messages that wait for tasks',
    description:
      'Shows how many messages wait for each task with input: queue, how many its runs have, and how many are dead: those whose runs failed as often as retry allows. For one task it shows each message that waits or is with a run; with --dead it shows the dead and the damaged ones instead. It works without a daemon too.',
    options: ['dead', 'again', 'drop'],
    flagsOnly: ['dead', 'again', 'drop'],
    examples: [
      ['inbox', 'all tasks with a queue'],
      ['inbox resize', 'each message of one task'],
      ['inbox resize --dead', 'what failed'],
      ['inbox resize --again all', 'try what failed once more'],
      ['inbox resize --drop 20261121T0717', 'remove one message, by the beginning of its id'],
      ['inbox resize --dead --drop all', 'remove all that are dead or damaged'],
    ],
    run: async (...call) => (await import('./commands/inbox/show-inbox.ts')).showInbox(...call),
  },
  {
    name: 'notify',
    group: 'look',
    usage: '[test [NAME]]',
    summary: 'show where messages go, and test targets',
    description:
      'Shows the targets of the tasks file, how many messages wait for each, when the next try is, and what came of the last one. With test it sends a test message to a target, or to all of them, says what came back, and exits with 1 if one did not arrive. The daemon sends it, with its own user and variables; without a daemon this command does.',
    options: [],
    examples: [
      ['notify', 'the last result of each target'],
      ['notify test', 'send a test message to each target'],
      ['notify test ops', 'send one to this target'],
    ],
    run: async (...call) => (await import('./commands/notify.ts')).notify(...call),
  },
  {
    name: 'scripts',
    group: 'look',
    usage: '[TASK...]',
    summary: 'show the scripts that are fetched by URL',
    description:
      "Shows the scripts of tasks that come from a URL: the copy that runs get, when it was fetched, and why it is stale or missing. A task may be a pattern such as 'report-*'. With --update it asks the servers first, and exits with 1 if one of them does not give its script. With --clean it removes the copies that no task uses. It works without a daemon too.",
    options: ['update', 'show', 'clean', 'cache'],
    flagsOnly: ['update', 'show', 'clean'],
    examples: [
      ['scripts', 'all of this machine'],
      ['scripts report --update', 'fetch the newest version of one'],
      ['scripts --show report', 'print the copy that runs get'],
      ['scripts --clean', 'remove old copies'],
    ],
    run: async (...call) =>
      (await import('./commands/scripts/show-scripts.ts')).showScripts(...call),
  },
  {
    name: 'logs',
    group: 'look',
    usage: 'TASK...|RUN',
    summary: 'show the output of runs',
    description:
      "Prints the output of the last run of a task, or of a run given by its id or the beginning of it, byte for byte. For several tasks, or a pattern such as 'backup-*', each line starts with the name of its task. With -f and --json it prints one object for each line, and one when a run has ended. It works without a daemon too.",
    options: ['run', 'since', 'follow', 'lines'],
    examples: [
      ['logs backup', 'the last run'],
      ['logs consumer -f -n 20', 'the last 20 lines, then new output'],
      ["logs 'backup*' consumer -f", 'several tasks, new ones too'],
      ['logs backup --since 1d', 'all runs of the last day'],
      ['logs 20261121T0230', 'one run, by the beginning of its id'],
      ['logs backup --json', 'the run and its output, for a program'],
      ["logs 'backup*' -f --json", 'each line and each end as it comes, for a program'],
    ],
    run: async (...call) => (await import('./commands/logs/show-logs.ts')).showLogs(...call),
  },
  {
    name: 'web',
    group: 'look',
    usage: '',
    summary: 'serve a page that shows all tasks, live',
    description:
      'Serves a page with what runs, what comes, what failed and what it printed, until Ctrl-C. It prints the address to open, with a token; only who has the token sees the page. It only reads, unless --actions lets people run, kill and pause tasks. It works without a daemon too. For other machines use an ssh tunnel, or TLS.',
    options: [
      'listen',
      'actions',
      'token-file',
      'tls-cert',
      'tls-key',
      'host-name',
      'metrics-open',
      'insecure',
      'open',
      'address',
    ],
    flagsOnly: ['open'],
    examples: [
      ['web --open', 'look at this machine'],
      ['web --actions', 'also run and kill tasks from the page'],
      ['web --listen unix:/run/torch-web.sock', 'behind another web server'],
      [
        'web --listen 0.0.0.0:8443 --tls-cert c.pem --tls-key k.pem --host-name torch.example.com',
        'for other machines',
      ],
    ],
    run: async (...call) => (await import('./commands/web.ts')).web(...call),
  },
]
