import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

let may: boolean | undefined

/** Whether this machine lets us make a disk of our own: root does, mostly, but not in most containers. */
export function mayMount(): boolean {
  const mount = ['-m', 'mount', '-t', 'tmpfs', 'torch-test', '/mnt']
  may ??= process.getuid?.() === 0 && spawnSync('unshare', mount).status === 0
  return may
}

/** Makes a folder a disk of its own, with such options (tmpfs(5)). Gives what takes it away. */
export function mountDisk(folder: string, options: string): () => void {
  fs.mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'torch-test', folder])
  return () => unmount(folder)
}

/** Makes all below a folder read-only, for who opens it from now on. Gives what takes that back. */
export function makeReadOnly(folder: string): () => void {
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,bind,ro', folder])
  return () => unmount(folder)
}

/** Also where it is in use: then it is gone with its last user. */
function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder])
}

/** Fills a disk to its last byte. Gives what makes room again. */
export function fillDisk(folder: string): () => void {
  const ballast = path.join(folder, 'ballast')
  const descriptor = fs.openSync(ballast, 'w')
  try {
    for (;;) fs.writeSync(descriptor, Buffer.alloc(4096))
  } catch {
    return () => fs.rmSync(ballast)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Takes all inodes that are left on a disk. Gives what gives them back. */
export function takeInodes(folder: string): () => void {
  const ballast = path.join(folder, 'ballast')
  fs.mkdirSync(ballast)
  try {
    for (let n = 0; ; n += 1) fs.writeFileSync(path.join(ballast, String(n)), '')
  } catch {
    return () => fs.rmSync(ballast, { recursive: true })
  }
}
