import { didYouMean } from './hints.ts'
import { byOtherWord } from './value-words.ts'
import { isMap, type KeyPath } from './key-path.ts'
import { keysAt } from './schema.ts'

/**
 * Keys of other schedulers, without `_` and `-`, by the key of torch. What has a blank is a sentence
 * instead of a key.
 */
const otherNames = {
  file: {
    tasks: 'jobs task job crons schedules',
    hosts: 'groups hostgroups machines servers inventory',
    timezone: 'tz zone crontz',
    calendars: 'calendar holidays holidaycalendars blackouts',
    sources: 'source repos repositories urls',
    pools: 'semaphores queues resourcepools concurrencygroups',
    defaults: 'default global globals common settings',
    notify:
      'notifications notification notifiers alerts alerting alert targets receivers channels mailto',
    heartbeat: 'deadman watchdog',
    web_url: 'dashboardurl pageurl externalurl',
  },
  task: {
    command: 'cmd run exec execute execstart program shellcommand entrypoint job',
    script: 'url scripturl fetch download',
    input: 'stdin standardinput messages inbox',
    listen: 'listenstream socket sockets port ports bind bindaddress address addresses',
    ready: 'readiness readinessprobe startupprobe healthcheck',
    schedule: 'cron when crontab cronexpression expression every interval period time oncalendar',
    after:
      'dependson depends needs requires trigger upstream triggeredby runafter startafter follows onsuccess',
    cwd: 'workdir workingdir workingdirectory dir directory chdir folder pwd',
    env: 'environment envs envvars variables vars',
    env_file: 'environmentfile dotenv envfiles',
    user: 'runas username account owner uid becomeuser',
    group: 'gid',
    hosts: 'on machines servers nodes targets ips runson',
    scope: 'runonce onceper singleton distributed clustered leaderonly oneof',
    prefer: 'preferred preference affinity hostpriority',
    max_per_host: 'maxperhosts maxpernode maxpermachine perhost',
    start_within: 'startdeadline startwindow claimwindow',
    on_lost: 'onnodelost onhostlost onfailover failover',
    fence: 'fencing lease leasetime leasettl locktimeout lockttl',
    timezone: 'tz zone crontz',
    from: 'start startat startdate starttime notbefore begin validfrom',
    until: 'end endat enddate endtime notafter expires expiresat validuntil',
    cycle: 'biweekly everyother',
    only: 'include includes onlyon',
    except: 'exclude excludes exclusions excludedates holidays skipdays',
    on_excluded: 'onexclude onholiday ifholiday',
    max: 'concurrency instances replicas parallelism numprocs maxinstances maxruns processes',
    pool: 'resourcepool semaphore mutex concurrencygroup resourcegroup lockname',
    overlap: 'concurrencypolicy onoverlap',
    timeout: 'timelimit maxtime maxduration deadline runtimemaxsec activedeadlineseconds',
    kill_after: 'grace graceperiod stoptimeout timeoutstopsec stopwaitsecs killtimeout',
    jitter: 'splay randomdelay randomizeddelaysec spread',
    catchup: 'persistent anacron misfire',
    catchup_window: 'startingdeadlineseconds',
    restart: 'restartpolicy restartsec autorestart',
    success_codes: 'exitcodes okcodes successexitstatus',
    nice: 'priority niceness',
    limits: 'ulimit ulimits rlimits resources',
    notify: 'notifications notification alerts alert onfailure notifyon mailto email mail',
    ping: 'pingurl deadman healthchecks healthchecksio snitch monitor monitorurl',
    description: 'desc comment doc title',
    labels: 'tags annotations',
    type: 'kind mode',
    'write retry: { attempts: ... }': 'retries maxretries retrycount backofflimit',
    'write enabled: false': 'disabled disable suspend suspended paused',
    'the key above is the name of the task': 'name',
    'write the arguments in command': 'args arguments',
    'torch keeps the output itself: see torch logs': 'stdout stderr log logfile logs outputfile',
  },
  target: {
    webhook: 'url hook link slack slackurl teams discord http https',
    mail: 'email to mailto address addresses recipients',
    from: 'sender mailfrom',
    smtp: 'server mailserver smtpserver smarthost relay',
    password_file: 'passwordfile passfile',
    command: 'cmd run exec execute program',
    format: 'type kind style',
  },
} as const

const meanings = {
  file: byOtherWord(otherNames.file),
  task: byOtherWord(otherNames.task),
  target: byOtherWord(otherNames.target),
}

/** The key that an unknown one means in other schedulers, or a sentence about it. */
function otherName(path: KeyPath, key: string): string | undefined {
  const level = levelOf(path)
  return level && meanings[level].get(key.toLowerCase().replaceAll(/[-_ ]/g, ''))
}

function levelOf(path: KeyPath): keyof typeof meanings | undefined {
  if (path.length === 0) return 'file'
  if (path.length === 2 && path[0] === 'notify') return 'target'
  return isTaskLevel(path) ? 'task' : undefined
}

function isTaskLevel(path: KeyPath): boolean {
  return path[0] === 'defaults' ? path.length === 1 : path[0] === 'tasks' && path.length === 2
}

/** The key of torch that other schedulers call so; undefined if they mean no key. */
export function keyMeantBy(path: KeyPath, key: string): string | undefined {
  // A comment of JavaScript becomes a part of the key behind it.
  const meant = /^\/[/*].*"(\w+)"$/s.exec(key)?.[1] ?? otherName(path, key)
  return meant !== undefined && keysAt(path).includes(meant) ? meant : undefined
}

/** The hint for an unknown key of the map at a path. `value` is what it has. */
export function hintForKey(path: KeyPath, key: string, value: unknown): string | undefined {
  if (path[0] === 'defaults' && path.length === 1 && (key === 'schedule' || key === 'command'))
    return `every task needs its own ${key}`
  if (
    path[0] === 'defaults' &&
    path.length === 1 &&
    ['script', 'listen', 'ping', 'after'].includes(key)
  )
    return 'write it in each task that needs it'
  if (/^\/[/*]/.test(key)) return 'a comment begins with #, in JSON too'
  if (/^(?:every|interval|period)$/i.test(key) && isTaskLevel(path))
    return 'write schedule: "@every 5m", or another duration'
  const meant = otherName(path, key)
  if (meant !== undefined) return meant.includes(' ') ? meant : didYouMean(meant)
  if (path.length === 0) {
    if (isMap(value) && ('command' in value || 'schedule' in value))
      return 'write it below "tasks:"'
    if (keysAt(['defaults']).includes(key)) return 'write it in a task, or in defaults'
    return keysAt(['tasks', '']).includes(key) ? 'write it in a task' : undefined
  }
  if (!isTaskLevel(path)) return undefined
  if (key === 'heartbeat' || key === 'web_url') return 'write it at the top of the file'
  const parents = [
    'retry',
    'restart',
    'limits',
    'output',
    'input',
    'ready',
    'script',
    'notify',
  ].filter((parent) => keysAt(path).includes(parent) && keysAt(['defaults', parent]).includes(key))
  return parents.length === 0 ? undefined : `write it within ${parents.join(' or ')}`
}
