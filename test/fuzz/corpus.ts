import fs from 'node:fs'
import path from 'node:path'

/** Texts that people write. What the fuzzer makes from them is nearly right. */

const root = path.resolve(import.meta.dirname, '../..')
const text = (...parts: string[]): string => fs.readFileSync(path.join(root, ...parts), 'utf8')

/** The YAML blocks of the documentation. */
const documented = [...text('docs', 'tasks-file.md').matchAll(/```yaml\n([^]*?)```/g)].map(
  ([, block = '']) => block,
)

const usual = `hosts:
  web: [10.0.1.0/24, "2001:db8::/64", web1]
defaults: { timeout: 1h, env: { A: "1" } }
tasks:
${[1, 2, 3, 4]
  .map(
    (at) => `  task-${at}:
    schedule: "*/${at + 5} * * * *"
    command: run ${at} > /dev/null # words
    hosts: [web, "!10.0.1.9"]
    retry: { attempts: ${at}, delay: 1m }
`,
  )
  .join('')}  consumer:
    type: daemon
    command: [node, consumer.js, "a b"]
    max: 4
    env_file: good.env
`

const odd = [
  'x-base: &base { nice: 5, env: { A: 1 } }\ntasks:\n  a: { <<: *base, schedule: "@daily", command: x }\n  b:\n    <<: [*base, { umask: 022 }]\n    type: daemon\n    command: |\n      a\n        b\n',
  'tasks:\n  t:\n    schedule: >-\n      H 5 *\n      * *\n    command: [a, "b\n      c", \'d\']\n    labels: { v: 1.10 }\n',
  '%YAML 1.2\n---\ntasks:\n  "q":\n    ? command\n    : x\n    schedule: ["@daily", "0 0 30 2 *"]\n...\n',
  '{"timezone":"Asia/Shanghai","tasks":{"a":{"schedule":"* * * * * *","command":["a","\\u00e9"]}}}',
]

export const tasksTexts: readonly string[] = [
  usual,
  text('tasks.example.yaml'),
  ...documented,
  ...odd,
]

export const crontabTexts: readonly string[] = [
  text('test', 'import', 'crontab', 'crontab.txt'),
  text('test', 'import', 'crontab', 'system-crontab.txt'),
  '# m h dom mon dow user command\n17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )\n',
  'CRON_TZ=Europe/Berlin\nRANDOM_DELAY=10\n*/5 * * * * /usr/bin/flock -n /tmp/a.lock php /srv/a.php > /dev/null 2>&1\n0 2 * * 1-5 tar czf "/b/$(date +\\%F).tgz" /srv\n@reboot sleep 30 && /usr/local/bin/up\n',
  "0 9 * * fri-sun -n -q sync-it --all\n@daily\t-s x\nA= 'x\n1\t5\tcron.daily\tnice run-parts /etc/cron.daily\n0 0 * * 5-0/2,1 touch a\u00a0\n",
]
