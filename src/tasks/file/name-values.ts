import { z } from 'zod'
import { expected } from './expected.ts'
import { key, ownName, whole } from './schema-values.ts'

/** The values of keys that name other parts of the file. */

const poolName = z.string({ error: expected.poolNames }).regex(/\S/, { error: expected.poolNames })
/** One name, or a list. An empty list replaces that of the defaults. */
export const pools = z
  .union([poolName.transform((one) => [one]), z.array(poolName, { error: expected.poolNames })], {
    error: expected.poolNames,
  })
  .meta({ title: 'name or list of names' })

export const poolSizes = z
  .record(ownName, whole(1))
  .meta({ title: 'map of names to whole numbers from 1' })

const afterError = { error: expected.after }
const afterName = z.string(afterError).regex(/\S/, afterError)
const afterNames = z
  .union(
    [afterName.transform((one) => [one]), z.array(afterName, afterError).min(1, afterError)],
    afterError,
  )
  .meta({ title: 'name or list of names' })

export const afterMap = z.strictObject({
  tasks: key(afterNames, 'the tasks that must have ended on this machine'),
  outcome: key(
    z.enum(['ok', 'failed', 'any']),
    'which ends count: `ok`; `failed`: also a timeout, a signal, a start that failed; `any`: every end',
    'ok',
  ),
})

/** A name, a list of names, or a map with them and an outcome. */
export const after = z
  .union([afterNames.transform((tasks) => ({ tasks })), afterMap], afterError)
  .transform((written, context): z.output<typeof afterMap> & { tasks: string[] } => {
    const { tasks } = written
    if (tasks === undefined) context.addIssue({ code: 'custom', message: expected.after })
    return tasks === undefined ? z.NEVER : { ...written, tasks }
  })
  .meta({ title: 'name or list of names; or a map' })
