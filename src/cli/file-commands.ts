import type { Command } from './command.ts'

/** The commands that work on tasks files. */
export const fileCommands: readonly Command[] = [
  {
    name: 'validate',
    group: 'file',
    usage: '[FILE]',
    summary: 'check a tasks file',
    description:
      'Checks a tasks file, or a directory of them, and shows every problem with its place. Without FILE it is the file of --tasks, else ./tasks.yaml or ./tasks, else TORCH_TASKS, else the file of the daemon. Exits with 0 if the file is valid, even with warnings, otherwise with 2.',
    options: [],
    examples: [
      ['validate', './tasks.yaml, else the file of the daemon'],
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
    // It always prints JSON.
    flagsOnly: ['json'],
    examples: [['schema > tasks.schema.json', 'for your editor']],
    run: async (call) => (await import('./commands/schema.ts')).schema(call),
  },
]

/** The commands that prepare a machine and a shell for torch. */
export const setupCommands: readonly Command[] = [
  {
    name: 'doctor',
    group: 'setup',
    usage: '',
    summary: 'check this machine and say what to fix',
    description:
      'Checks what torch needs from this machine, says what is missing, what torch uses instead and how to fix it. It needs no daemon, no tasks file and no home. Exits with 0 if torch can run here, even with warnings, otherwise with 1.',
    options: ['address', 'cache'],
    examples: [
      ['doctor', 'before the first start, or when something is wrong'],
      ['doctor --tasks /srv/ops/tasks.yaml', 'check what these tasks need too'],
      ['doctor --json', 'for a program'],
    ],
    run: async (...call) => (await import('./commands/doctor.ts')).doctor(...call),
  },
  {
    name: 'fleet',
    group: 'setup',
    usage: 'VERB [TASK...]',
    summary: 'show and use all machines of a fleet',
    description:
      'For machines that share tasks, by the section fleet of their config files. The daemon of this machine asks the others. fleet status shows machines and shared tasks; for machines that are down, what they left in the fleet. fleet history shows the rows of all, fleet logs the output of a run, or with -f of all runs of a task. status and history take --label. fleet run starts a task on the machine of --on, else on one of those that may run it, prints its output and exits with its status. fleet kill ends TASK, TASK@MACHINE or a run. fleet reload makes the machines of --on, or all that are up, load their tasks files. fleet why shows who had a slot. fleet init makes the streams on the NATS servers, and keeps those that are there; --force changes their settings where they differ, and never removes a stream. With --on it writes nats.conf for new servers instead, and the task that runs them; with --users also who may do what, with passwords in nats-passwords.conf. fleet check compares the streams with what init makes, says what differs and what may happen, and exits with 1 then.',
    options: [
      ...([
        'since',
        'outcome',
        'label',
        'limit',
        'follow',
        'on',
        'force',
        'detach',
        'signal',
      ] as const),
      ...(['replicas', 'keep', 'users'] as const),
    ],
    flagsOnly: ['follow', 'on', 'force', 'detach', 'signal', 'replicas', 'keep', 'users'],
    examples: [
      ['fleet status', 'the machines, and what runs where'],
      ['fleet history backup --since 7d', 'the rows of all machines'],
      ['fleet logs consumer -f', 'its output, wherever it runs'],
      ['fleet run backup --on db2', 'on this machine, with its output and exit status'],
      ['fleet kill consumer@web1', 'end it there'],
      ['fleet reload', 'all machines load their tasks files'],
      ['fleet why backup 2026-11-28T02:30', 'who had this slot, and why not the others'],
      ['fleet init --on db1,db2,web1', 'write nats.conf and the task for three servers'],
      ['fleet init --on db1,db2,web1 --users web2,web3', 'and a user for each of five machines'],
      ['fleet init', 'make the streams, once the servers run'],
      ['fleet init --replicas 1', 'on a single server'],
      ['fleet check --json', 'are the streams as they must be, for a program'],
    ],
    run: async (...call) => (await import('./commands/fleet/fleet.ts')).fleet(...call),
  },
  {
    name: 'completion',
    group: 'setup',
    usage: '[SHELL]',
    summary: 'print a completion script for bash, zsh or fish',
    description:
      'Prints a script for bash, zsh or fish that completes commands, options, files and the names of tasks, runs, labels, hosts, time zones and revisions. Its first lines say where to put it. Without SHELL it is for your own shell ($SHELL).',
    options: [],
    // TORCH_JSON is not meant for a script that a shell reads.
    flagsOnly: ['json'],
    examples: [
      ['completion bash > torch.bash', 'the script for bash'],
      ['completion fish > ~/.config/fish/completions/torch.fish', 'install it for fish'],
    ],
    run: async (...call) => (await import('./commands/completion.ts')).completion(...call),
  },
]
