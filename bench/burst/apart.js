import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'

/**
 * Replaces what a peer must not touch on this machine: a copy of /etc without crontabs, so that no job
 * of this machine runs twice, and an empty /run. All of it goes away with the last process. The first
 * process ends when its input does, so also when the benchmark ends.
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
 * Calls `use` while a program runs in its own mount and process namespaces (unshare(1), root only), and
 * then ends it and everything that it started. `start` is shell text that starts it in the background,
 * with the directory as $1. Throws if this machine refuses that, or if the program ends at once.
 */
export async function apart(folder, start, use) {
  fs.mkdirSync(path.join(folder, 'own'))
  // A program that ends in its first second fails now, not after minutes without a start.
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

/** The path of a program, also in the sbin directories; undefined if there is none. */
export function findProgram(name) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file))
}
