import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { apart } from './apart.js'
import { measureRounds, tasksOfBurst } from './rounds.js'

const period = 20
/** Its setting `interval`: how often it checks. */
const intervalMs = 100

/**
 * gotorch, built from its source. It has no shell, so each task is a shell that reads the command from a
 * file. In gotorch the last values of a field never match, and neither does Sunday.
 */
export async function burstsOfGotorch({ folder, source, ...options }, say) {
  if (source === undefined) throw new Error('no --gotorch DIR')
  build(path.resolve(source), folder)
  const job = path.join(folder, 'job.sh')
  fs.writeFileSync(job, `${options.witness.command('task')}\n`)
  const tasks = Array.from({ length: tasksOfBurst }, (_, index) => ({
    Command: `sh ${job} ${index}`,
    TaskType: 'common',
    Times: `*/${period} * * * * *`,
    Max: 0,
    Ips: [],
  }))
  fs.writeFileSync(path.join(folder, 'tasks.json'), JSON.stringify(tasks))
  fs.writeFileSync(path.join(folder, 'gotorch.conf'), configText(folder))
  const start = `
    cp "$1/gotorch.conf" /etc/gotorch.conf
    exec "$1/gotorch" -s start`
  return apart(folder, start, () => measureRounds({ ...options, period }, say))
}

/** gotorch does not use Go modules. Older versions are a whole GOPATH, later ones a package in one. */
function build(source, folder) {
  const program = path.join(folder, 'gotorch')
  const main = path.join(source, 'bootstrap.go')
  if (!fs.existsSync(main)) throw new Error(`no bootstrap.go in ${source}`)
  const workspace = path.join(folder, 'go')
  fs.mkdirSync(path.join(workspace, 'src'), { recursive: true })
  fs.symlinkSync(source, path.join(workspace, 'src', 'gotorch'))
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOFLAGS: '',
    GOPATH: fs.existsSync(path.join(source, 'src')) ? source : workspace,
    GOCACHE: path.join(folder, 'go-cache'),
  }
  try {
    execFileSync('go', ['build', '-o', program, main], { env, stdio: 'pipe' })
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Error('there is no Go compiler on this machine', { cause: error })
    const said = String(error.stderr).split('\n')
    throw new Error(`go build: ${said.find((line) => !line.startsWith('#'))}`, { cause: error })
  }
}

function configText(folder) {
  return Object.entries({
    tasks: path.join(folder, 'tasks.json'),
    log_dir: `${folder}/gotorch-log/`,
    bash: '/bin/sh',
    pid_file: path.join(folder, 'gotorch.pid'),
    interval: intervalMs,
  })
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')
}
