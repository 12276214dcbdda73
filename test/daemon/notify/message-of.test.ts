import { expect, test } from 'vitest'
import { messageOf } from '../../../src/daemon/notify/message-of.ts'
import { defaultHome } from '../../../src/daemon/settings.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newNotice } from '../../../src/plan/notify/notice.ts'

const nodeHost = thisMachine()

test('the command of a message has the home if it is not the default one of the user', () => {
  const more = (home: string): string =>
    messageOf(
      { host: nodeHost, home, hostName: 'db1', webUrl: undefined },
      newNotice({ kind: 'late', task: 'dump', atMs: 0, key: 'k' }),
      undefined,
    ).more
  expect(more(defaultHome(nodeHost))).toBe('torch status dump')
  expect(more('/srv/my home')).toBe("torch status dump --home '/srv/my home'")
})
