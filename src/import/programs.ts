/*
 * Words that stand before what a command is there to run. Only names are made of them: where one
 * is missing here a name is less telling, and nothing is wrong.
 */

/** They prepare another command. */
export const minor = setOf(`[ [[ test cd pushd popd : true false sleep export set unset umask
  ulimit trap . source echo printf date mkdir touch exit wait read local case for in
  done fi esac continue break return eval kill ssh-add which hash type`)

/**
 * They run the command behind them: the letters of options whose value is a word of its own, and
 * how many words stand before the command.
 */
export const wrappers: Readonly<Record<string, { values?: string; operands?: number }>> = {
  sudo: { values: 'ughpCrtDRT' },
  doas: { values: 'uC' },
  su: { values: 'sg', operands: 1 },
  runuser: { values: 'usgG' },
  setpriv: {},
  nice: { values: 'n' },
  ionice: { values: 'cnp' },
  chrt: { operands: 1 },
  taskset: { operands: 1 },
  flock: { values: 'wE', operands: 1 },
  setlock: { operands: 1 },
  timeout: { values: 'sk', operands: 1 },
  env: { values: 'uC' },
  chronic: {},
  cronic: {},
  time: { values: 'fo' },
  nohup: {},
  setsid: {},
  exec: { values: 'a' },
  command: {},
  stdbuf: { values: 'ioe' },
  unbuffer: {},
  'run-one': {},
  'systemd-cat': { values: 'tp' },
  'systemd-run': { values: 'upMHE' },
  cpulimit: { values: 'lpe' },
  'xvfb-run': { values: 'sne' },
  bundle: { operands: 1 },
  npx: {},
}

export const shells = /^(?:a|ba|da|k|mk|z|c|tc|fi)?sh$/

/** They run the script behind them, or code that is an option's value. */
export const interpreters: readonly { name: RegExp; values: string; code: string }[] = [
  { name: /^php[\d.]*$/, values: 'dc', code: 'r' },
  { name: /^(?:python|pypy)[\d.]*$/, values: 'WX', code: 'c' },
  { name: /^(?:node|nodejs|tsx|bun)$/, values: 'r', code: 'ep' },
  { name: /^perl[\d.]*$/, values: 'I', code: 'eE' },
  { name: /^ruby[\d.]*$/, values: 'I', code: 'e' },
  { name: /^java$/, values: 'p', code: '' },
  { name: /^(?:Rscript|lua)$/, values: '', code: 'e' },
]

/** They do many things, and the next word says which. */
export const severalInOne =
  setOf(`artisan console magento manage rake wp drush occ git svn docker podman
  docker-compose systemctl service npm yarn pnpm composer certbot borg restic rclone rsnapshot aws
  gcloud kubectl apt-get apt snap zfs zpool rails`)

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}
