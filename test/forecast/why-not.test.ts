import { expect, test } from 'vitest'
import { whyNot } from '../../src/forecast/why-not.ts'
import { hostFacts } from '../../src/tasks/hosts.ts'
import { good, oneTask } from '../support/tasks.ts'

const groups = 'hosts:\n  web: [10.0.1.0/24]\n  db: [db1, 10.0.2.11]\n'

test.each([
  [[], undefined],
  [['hosts: [web]'], undefined],
  [['hosts: [db, "*.example.com"]'], undefined],
  [['enabled: false', 'hosts: [db]'], { reason: 'enabled' }],
  [['hosts: [db, 10.0.3.0/24]'], { reason: 'hosts', wants: ['db', '10.0.3.0/24'] }],
  [['hosts: [db, "!10.0.9.9"]'], { reason: 'hosts', wants: ['db'] }],
  [['hosts: ["!10.0.9.9", "!web"]'], { reason: 'hosts', excludedBy: 'web' }],
  [['hosts: [web, "! 10.0.1.7"]'], { reason: 'hosts', excludedBy: '10.0.1.7' }],
  [['hosts: ["!web-*"]'], { reason: 'hosts', excludedBy: 'web-*' }],
])('whyNot explains why web-1 (10.0.1.7) does not run a task with %j', (lines, why) => {
  const file = good(groups + oneTask(...lines))
  const [task] = file.tasks
  const host = hostFacts('web-1.example.com', ['10.0.1.7'])
  expect(whyNot(task!, host, file)).toEqual(why && { task, ...why })
})
