import fs from 'node:fs'
import path from 'node:path'
import { apart, findProgram } from './apart.js'
import { measureRounds, tasksOfBurst } from './rounds.js'

/** A crontab knows no seconds. */
const period = 60

/** Debian's cron, with root's crontab in its own spool directory. */
export async function burstsOfCron(options, say) {
  const program = need('cron')
  writeCrontab(options, (command) => command.replaceAll('%', '\\%'))
  const start = `
    mkdir -p /var/spool/cron/crontabs
    mount --bind "$1/crontabs" /var/spool/cron/crontabs
    exec ${program} -f`
  return measureApart(options, start, say)
}

/** The same crontab. A % has no special meaning for busybox. */
export async function burstsOfBusybox(options, say) {
  const program = need('busybox')
  writeCrontab(options, (command) => command)
  return measureApart(options, `exec ${program} crond -f -c "$1/crontabs"`, say)
}

function need(name) {
  const program = findProgram(name)
  if (program === undefined) throw new Error(`there is no ${name} on this machine`)
  return program
}

function writeCrontab({ folder, witness }, escape) {
  const crontabs = path.join(folder, 'crontabs')
  const line = `* * * * * ${escape(witness.command('task'))}\n`
  fs.mkdirSync(crontabs)
  fs.writeFileSync(path.join(crontabs, 'root'), line.repeat(tasksOfBurst), { mode: 0o600 })
}

function measureApart({ folder, ...options }, start, say) {
  return apart(folder, start, () => measureRounds({ ...options, period }, say))
}
