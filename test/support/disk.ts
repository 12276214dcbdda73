import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

let may: boolean | undefined

/** Whether tests may mount a disk: root usually may, but not in most containers. */
export function mayMount(): boolean {
  const mount = ['-m', 'mount', '-t', 'tmpfs', 'torch-test', '/mnt']
  may ??= process.getuid?.() === 0 && spawnSync('unshare', mount).status === 0
  return may
}

/** Whether a hole can be made in a file of the folder for temporary files. */
export function canPunch(): boolean {
  const script =
    'f=$(mktemp) && head -c 8192 /dev/zero >$f && fallocate -p -o 0 -l 4096 $f; s=$?; rm $f; exit $s'
  return spawnSync('sh', ['-c', script]).status === 0
}

/** Mounts a tmpfs with these options (tmpfs(5)) on a folder. Returns what unmounts it. */
export function mountDisk(folder: string, options: string): () => void {
  fs.mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'torch-test', folder])
  return () => unmount(folder)
}

/** Makes a folder read-only for files opened from now on. Returns what undoes it. */
export function makeReadOnly(folder: string): () => void {
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,bind,ro', folder])
  return () => unmount(folder)
}

/** Lazily: a disk in use disappears with its last user. */
function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder])
}

/** Fills a disk to its last byte. Returns what frees the space. */
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

/** Uses up all inodes of a disk. Returns what frees them. */
export function takeInodes(folder: string): () => void {
  const ballast = path.join(folder, 'ballast')
  fs.mkdirSync(ballast)
  try {
    for (let n = 0; ; n += 1) fs.writeFileSync(path.join(ballast, String(n)), '')
  } catch {
    return () => fs.rmSync(ballast, { recursive: true })
  }
}

/** Makes a file that is always full, like /dev/full. Only root may, and not in every container. */
export function makeFullFile(file: string): boolean {
  return spawnSync('mknod', ['-m', '600', file, 'c', '1', '7']).status === 0
}
