import { people, type Rights, rightsOf, type Role } from './rights.ts'

/*
 * The files for nats-server that `torch fleet init` writes. A variable such as $TORCH_HOST comes from the
 * environment of the run; the passwords are variables too, from a file that stays out of git.
 */

export const fileNames = {
  server: 'nats.conf',
  users: 'nats-users.conf',
  passwords: 'nats-passwords.conf',
  task: 'nats.yaml',
} as const

/** What the files are about. */
export interface ServerPlan {
  readonly fleet: string
  /** The machines with a server; empty: only users are wanted. */
  readonly servers: readonly string[]
  /** The machines with a user; empty: the server asks for no login. */
  readonly users: readonly string[]
  /** Whether the server knows sync_interval: 2.9 does not start with it. */
  readonly hasSync: boolean
}

/** nats.conf: the same file for all machines with a server. */
export function serverConf({ fleet, servers, users, hasSync }: ServerPlan): string {
  return `${[
    '# Written by torch fleet init: nats-server for the fleet, the same file on each of its machines.',
    '# torch sets TORCH_HOST and TORCH_HOME for the commands it runs.',
    'server_name: $TORCH_HOST',
    'listen: "0.0.0.0:4222"',
    '',
    'jetstream {',
    '  # In the home of torch, whose path must have no blanks. The server adds a folder named jetstream.',
    '  store_dir: $TORCH_HOME',
    ...(hasSync
      ? [
          '  # What is acknowledged is on the disk. Without it a machine that loses power may lose seconds.',
          '  sync_interval: always',
        ]
      : []),
    '  max_file: 2G',
    '}',
    ...(users.length === 0 ? [] : ['', `include ${fileNames.users}`]),
    ...(servers.length > 1 ? ['', ...clusterLines(fleet, servers, users.length > 0)] : []),
  ].join('\n')}\n`
}

/** A server ignores the route to itself. */
function clusterLines(fleet: string, servers: readonly string[], hasUsers: boolean): string[] {
  const routes = servers.map((host, at) => (hasUsers ? routeName(at, '$') : quoted(routeTo(host))))
  return [
    'cluster {',
    `  name: ${quoted(fleet)}`,
    '  listen: "0.0.0.0:6222"',
    ...(hasUsers
      ? [
          '  authorization {',
          '    user: torch',
          '    password: $password_routes',
          '    timeout: 2',
          '  }',
        ]
      : []),
    '  routes: [',
    ...routes.map((route) => `    ${route}`),
    '  ]',
    '}',
  ]
}

/** A variable: an address is no name for one. */
function routeName(at: number, sign = ''): string {
  return `${sign}route_${at + 1}`
}

function routeTo(host: string, login = ''): string {
  return `nats-route://${login}${host.includes(':') ? `[${host}]` : host}:6222`
}

/** nats-users.conf: who may do what. It may be included in the configuration of any server. */
export function usersConf({ fleet, users }: ServerPlan): string {
  const roles: (readonly [name: string, role: Role])[] = [
    ...users.map((host) => [host, { kind: 'host', host }] as const),
    ...people.map((kind) => [kind, { kind }] as const),
  ]
  return `${[
    '# Written by torch fleet init: the users of the fleet. Each machine has one, which cannot speak for another.',
    '# operator runs and kills, viewer looks, setup makes the streams: torch fleet init.',
    `include ${fileNames.passwords}`,
    '',
    'authorization {',
    '  users: [',
    ...roles.flatMap(([name, role]) => userLines(name, rightsOf(fleet, role))),
    '  ]',
    '}',
  ].join('\n')}\n`
}

function userLines(name: string, { publish, subscribe }: Rights): string[] {
  return [
    '    {',
    `      user: ${quoted(name)}`,
    `      password: $password_${name}`,
    '      permissions {',
    ...listLines('publish', publish),
    ...listLines('subscribe', subscribe),
    '      }',
    '    }',
  ]
}

function listLines(name: string, subjects: readonly string[]): string[] {
  return [
    `        ${name}: [`,
    ...subjects.map((subject) => `          ${quoted(subject)}`),
    '        ]',
  ]
}

/**
 * nats-passwords.conf. What is in it stays, also the passwords of users that are no longer named; to change one,
 * delete its line. `newPassword` makes one of letters and digits.
 */
export function passwordsConf(
  { servers, users }: ServerPlan,
  existing: string | undefined,
  newPassword: () => string,
): string {
  const passwords = passwordsIn(existing ?? passwordsHead)
  const hasRoutes = servers.length > 1
  const needed = [...users, ...people, ...(hasRoutes ? ['routes'] : [])]
  const added = needed.filter((name) => !passwords.has(name))
  for (const name of added) passwords.set(name, newPassword())
  const kept = (existing ?? passwordsHead).trimEnd().split('\n')
  const login = `torch:${passwords.get('routes') ?? ''}@`
  const routes = servers.map((host, at) => `${routeName(at)}: ${quoted(routeTo(host, login))}`)
  return `${[
    ...(hasRoutes ? kept.filter((line) => !line.startsWith('route_')) : kept),
    ...added.map((name) => `password_${name}: ${quoted(passwords.get(name) ?? '')}`),
    ...(hasRoutes ? routes : []),
  ].join('\n')}\n`
}

const passwordsHead = `# Written by torch fleet init: secrets. Keep this file out of git, and readable for its owner only.
# Each machine with a server needs it. To change a password, delete its line, and use torch fleet init again.`

/** The passwords of a file that was written before. */
function passwordsIn(text: string): Map<string, string> {
  const lines = text.matchAll(/^password_([A-Za-z0-9._-]+): "([^"\n]*)"$/gm)
  return new Map([...lines].map(([, name = '', password = '']) => [name, password]))
}

/** The plain task that keeps the server running. Names without a dot are hosts only in a group. */
export function serverTask(servers: readonly string[]): string {
  const names = servers.map((host) => (/^[A-Za-z][\w.-]*$/.test(host) ? host : `'${host}'`))
  return `hosts:
  nats-servers: [${names.join(', ')}]
tasks:
  nats:
    type: daemon
    description: The engine of the fleet
    command: [nats-server, -c, ${fileNames.server}]
    cwd: .
    hosts: [nats-servers]
`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
