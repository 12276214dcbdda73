import { z } from 'zod'
import { expected } from './expected.ts'
import { ownName, whole } from './schema-values.ts'

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
