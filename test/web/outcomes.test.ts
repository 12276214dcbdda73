import { expect, test } from 'vitest'
import * as known from '../../src/plan/history-row.ts'
import { badOutcomes, outcomes } from '../../src/web/model/outcomes.ts'

test('the page knows the outcomes of the history, and which are bad', () => {
  expect([...outcomes].toSorted()).toEqual([...known.outcomes].toSorted())
  expect(badOutcomes).toEqual(known.badOutcomes)
})
