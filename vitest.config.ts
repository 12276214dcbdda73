import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The suites that start real daemons and wait for real seconds, the longest first. */
const waiting = ['faults/stopped', 'docs/commands', 'faults', 'crash', 'system', 'cli', 'docs']

/**
 * Sorts the suites that wait before those that only compute: what is left at the end is short, and
 * no worker idles while another one waits.
 */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = waiting.findIndex((name) => moduleId.includes(`/test/${name}`))
      return found === -1 ? waiting.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // test/cli, crash, docs, faults and system run the built binary.
    globalSetup: ['test/support/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Loading the same sources again for each file would take more time than most tests. A test
    // that changes something of the process (an environment variable, the umask) restores it.
    isolate: false,
    // More than the two processors of a small machine: many tests wait rather than compute.
    maxWorkers: 3,
    // The tests of one file that run at the same time. More of them would only wait for a processor,
    // and each one longer.
    maxConcurrency: 10,
    sequence: { sequencer: WaitingFirst },
  },
})
