import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * Boots a systemd of its own, to see how torch works under it: it is process 1 of a new pid namespace,
 * with its own mounts, and in a control group of its own, over a copy-on-write view of this machine's
 * files. What it writes is gone afterwards.
 */

const systemd = '/lib/systemd/systemd'
/** Where the script, and what it prints, are passed in and out. */
const shared = '/box'

/** Whether this machine can do that: it takes root, systemd, and a kernel that allows such mounts. */
export function canBootSystemd(): boolean {
  if (process.getuid?.() !== 0 || !fs.existsSync(systemd)) return false
  const folder = fs.mkdtempSync('/var/tmp/systemd-box-')
  try {
    const groups = `${folder}/root/sys/fs/cgroup`
    const group = `${groups}/${path.basename(folder)}`
    const trial = `
      ${mountRoot(folder)}
      mount -t cgroup2 cgroup2 ${groups}
      mkdir ${group}
      rmdir ${group}
    `
    return spawnSync('unshare', [...unshared, 'bash', '-ec', trial]).status === 0
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/**
 * Runs a bash script as root under a systemd that has just booted, and gives what it printed on both
 * outputs. `folders` of this machine are visible there, read-only; /tmp and /run are empty. Even after an
 * error all processes have ended when this returns. Throws after `boundMs`.
 */
export async function underSystemd(
  script: string,
  folders: readonly string[],
  boundMs: number,
): Promise<string> {
  const folder = fs.mkdtempSync('/var/tmp/systemd-box-')
  const output = path.join(folder, 'box/output')
  try {
    fs.mkdirSync(path.join(folder, 'box'))
    fs.writeFileSync(path.join(folder, 'box/script'), script)
    fs.writeFileSync(path.join(folder, 'box/main'), mainScript)
    fs.writeFileSync(path.join(folder, 'box/unit'), unit)
    fs.writeFileSync(path.join(folder, 'box/boot'), bootScript(folder, folders))
    const end = await ended(inOwnGroup(folder, boundMs))
    const printed = fs.existsSync(output) ? fs.readFileSync(output, 'utf8') : ''
    if (!fs.existsSync(path.join(folder, 'box/over')))
      throw new Error(`the script did not come to its end (${end}):\n${printed}`)
    return printed
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const unshared = ['--fork', '--kill-child', '--pid', '--mount', '--uts', '--ipc', '--cgroup']

/**
 * Two boxes in the same control group would share the groups of their units, and remove them under each
 * other. `timeout` ends the box at the bound, so that the group is removed afterwards in any case.
 */
function inOwnGroup(folder: string, boundMs: number): string {
  const group = `${folder}/groups/${path.basename(folder)}`
  return `
    mkdir ${folder}/groups
    mount -t cgroup2 cgroup2 ${folder}/groups
    mkdir ${group}
    (
      echo $BASHPID >${group}/cgroup.procs
      exec timeout --signal KILL ${boundMs / 1000} unshare ${unshared.join(' ')} bash -e ${folder}/box/boot
    ) && status=0 || status=$?
    for _ in {1..50}; do find ${group} -depth -type d -exec rmdir {} + && break; sleep 0.1; done
    exit $status
  `
}

/** Mounts live in the new mount namespace only, so they end with its last process. */
function mountRoot(folder: string): string {
  return `
    mkdir -p ${folder}/layer ${folder}/root
    mount -t tmpfs tmpfs ${folder}/layer
    mkdir ${folder}/layer/upper ${folder}/layer/work
    mount -t overlay overlay ${folder}/root \\
      -o lowerdir=/,upperdir=${folder}/layer/upper,workdir=${folder}/layer/work
    mount -t proc proc ${folder}/root/proc
    mount -t tmpfs tmpfs ${folder}/root/run
    mount -t tmpfs tmpfs ${folder}/root/tmp
    mount --rbind /dev ${folder}/root/dev
    mount -t sysfs sysfs ${folder}/root/sys || mount --rbind /sys ${folder}/root/sys
  `
}

function bootScript(folder: string, folders: readonly string[]): string {
  const binds = folders.map(
    (each) => `
    mkdir -p ${folder}/root${each}
    mount --bind ${each} ${folder}/root${each}
    mount -o remount,bind,ro ${folder}/root${each}`,
  )
  const units = `${folder}/root/etc/systemd/system`
  return `
    ${mountRoot(folder)}
    mount -t cgroup2 cgroup2 ${folder}/root/sys/fs/cgroup
    ${binds.join('\n')}
    mkdir -p ${folder}/root${shared} ${units}/basic.target.wants
    mount --bind ${folder}/box ${folder}/root${shared}
    cp ${folder}/box/unit ${units}/in-the-box.service
    ln -s ../in-the-box.service ${units}/basic.target.wants/
    exec chroot ${folder}/root ${systemd} --system --unit=basic.target
  `
}

const unit = `
[Unit]
DefaultDependencies=no
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash ${shared}/main
`

const mainScript = `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
until systemctl list-units >/dev/null 2>&1; do sleep 0.1; done
bash ${shared}/script >${shared}/output 2>&1
touch ${shared}/over
systemctl --force --force poweroff
`

/** Runs a script with mounts of its own, and says how it ended. */
function ended(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', ['--mount', 'bash', '-ec', script], {
      cwd: os.tmpdir(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.once('error', reject)
    child.once('close', (status, signal) => {
      resolve(`${signal ?? status}: ${errors.slice(-1000)}`)
    })
  })
}
