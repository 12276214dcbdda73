import { describe, expect, test } from 'vitest'
import { newTaskNames } from '../../src/import/task-names.ts'

function nameOf(command: string | readonly string[]): string {
  return newTaskNames()(command)
}

describe('the name of an imported task', () => {
  test.each([
    // programs and scripts
    ['/opt/app/bin/check-queue --max-age 120 >/dev/null 2>&1', 'check-queue'],
    ['$HOME/bin/daily.job >> $HOME/tmp/out 2>&1', 'daily-job'],
    ['"/path with blanks/my script.sh" x', 'my-script'],
    ['/etc/init.d/foo restart', 'foo'],
    ['~/bin/sync_all', 'sync_all'],
    ['run-parts --report /etc/cron.daily', 'cron-daily'],
    // commands that prepare another one
    ['cd /srv/app && ./deploy.rb', 'deploy'],
    ['cd / && run-parts --report /etc/cron.hourly', 'cron-hourly'],
    ['FOO=1 BAR="x y" /opt/etl/load', 'load'],
    ['[ -x /usr/sbin/x ] && /usr/sbin/x', 'x'],
    ['test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )', 'cron-daily'],
    ['test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.weekly; }', 'cron-weekly'],
    ['[ -x /a ] && if [ ! -d /run/systemd/system ]; then /a/sessionclean; fi', 'sessionclean'],
    ['command -v debian-sa1 > /dev/null && debian-sa1 1 1', 'debian-sa1'],
    ['D=$(date +%F | tr -d -); /opt/backup.sh $D', 'backup'],
    ['sleep 30 && /opt/x', 'x'],
    ['for f in *.csv; do [ -e "$f" ] || continue; ~/bin/load "$f"; done', 'load'],
    ['>/dev/null 2>&1 /opt/q', 'q'],
    // programs that run another one
    ['sudo -Hu www-data nice -n 10 ionice -c2 -n7 /opt/bin/sync', 'sync'],
    ['flock -n /tmp/x.lock timeout -k 5 300 /opt/bin/sync.sh', 'sync'],
    ['flock -n /var/lock/x -c "cd /srv && ./run-all.sh fast"', 'run-all'],
    ['su - postgres -c "pg_dumpall | gzip > /b.gz"', 'pg_dumpall'],
    ['env FOO=1 chronic /x/y.py', 'y'],
    ['time -p ls', 'ls'],
    ['exec nohup setsid make -C /src &', 'make'],
    ['/usr/bin/env python3 -u /opt/load_orders.py', 'load_orders'],
    // interpreters
    ['php -d memory_limit=1G -f /srv/x.php a', 'x'],
    ['/usr/bin/php8.2 /srv/cron/weekly_report.php --to=all', 'weekly_report'],
    ['python -m mymod.job', 'mymod-job'],
    ['perl -I lib bin/poll.pl', 'poll'],
    ['node dist/jobs/cleanup.mjs', 'cleanup'],
    ['sh /root/backup.sh', 'backup'],
    ["bash -lc 'source ~/.env; node dist/prune.js'", 'prune'],
    ['java -Xmx1g -cp /lib/*:. com.acme.Main', 'com-acme-Main'],
    ['java -jar /opt/app.jar', 'app'],
    ["php -r 'echo 1;'", 'php'],
    ["perl -ne 'print' x", 'perl'],
    // programs that do many things
    ['cd /srv/app && php artisan schedule:run >> /dev/null 2>&1', 'artisan-schedule-run'],
    ['python manage.py clearsessions', 'manage-clearsessions'],
    ['bundle exec rake db:clean', 'rake-db-clean'],
    ['git -C /srv pull --quiet', 'git-pull'],
    ['npm run build', 'npm-run-build'],
    ['certbot -q renew', 'certbot-renew'],
    ['curl -fsS https://www.example.com/ping > /dev/null', 'curl-example-com'],
    ['wget -q -O - http://localhost/cron.php', 'wget-localhost'],
    // no command but preparing ones
    ['echo hi', 'echo'],
    ['[ -x /a ] && echo "it\'s"', 'echo'],
    ['sleep 60', 'sleep'],
    ['', 'task'],
    ['日本', 'task'],
    ['> /var/log/x', 'task'],
    ['"unclosed', 'unclosed'],
    [`/opt/${'long-'.repeat(30)}`, 'long-long-long-long-long-long-long-long-long-lon'],
    [['/usr/bin/php', '/tmp/test.php'], 'test'],
    [['echo', 'a; b'], 'echo'],
  ])('the command %j gives the name %s', (command, name) => {
    expect(nameOf(command)).toBe(name)
  })
})

test('every imported task gets a different name', () => {
  const next = newTaskNames()
  const given = ['x', 'x', 'x-2', 'x', 'x-2', 'x-2-2'].map((command) => next(command))
  expect(given).toEqual(['x', 'x-2', 'x-2-2', 'x-3', 'x-2-3', 'x-2-2-2'])
})

test('the name of an imported task does not begin with a dot, a dash or an underscore', () => {
  expect(['/opt/.hidden.sh', '__proto__', '-x', '_'].map(nameOf)).toEqual([
    'hidden',
    'proto',
    'x',
    'task',
  ])
})
