import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'

/**
 * What a peer must not touch of this machine becomes a copy, and what is due here is not due there:
 * /etc without any crontab, an empty /run. All of it is gone with the last process. Its first one
 * goes when its input ends, so also when the benchmark does.
 */
const copies = `
own=$1/own
mount -t tmpfs torch-bench "$own"
cp -a /etc "$own/etc"
rm -rf "$own/etc/crontab" "$own"/etc/cron.*
mkdir "$own/etc/cron.d"
mount --bind "$own/etc" /etc
mount -t tmpfs torch-bench /run
`
const flags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/**
 * Gives `use` a program that runs with mounts and processes of its own (unshare(1), root only), and
 * ends it and all that it started. `start` is shell text that starts it in the background, with the
 * folder as $1. Throws where this machine refuses that, or it ends at once.
 */
export async function apart(folder, start, use) {
  fs.mkdirSync(path.join(folder, 'own'))
  // One that ends in its first second is told now, and not after minutes without a start.
  const begin = `(${start}) >/dev/null &\nsleep 1\nkill -0 $! 2>/dev/null\necho ready\n`
  const text = `set -e\n${copies}${begin}read -r end || :\n`
  const shell = spawn('unshare', [...flags, 'sh', '-c', text, 'sh', folder])
  let words = ''
  shell.stderr.on('data', (chunk) => (words += chunk))
  const over = once(shell, 'close')
  try {
    const isReady = await Promise.race([once(shell.stdout, 'data'), over.then(() => false)])
    if (isReady === false) throw new Error(words.split('\n')[0] || 'it ended at once')
    return await use()
  } finally {
    shell.stdin.end()
    await over
  }
}

/** Where a program is that may not be in the PATH of everybody; undefined where it is not there. */
export function findProgram(name) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file))
}
