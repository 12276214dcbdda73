import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The real binary is what test/cli runs.
    globalSetup: ['test/support/build.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // They wait for processes more than they compute: two at a time, also where there are two processors.
    maxWorkers: 2,
    // Those that run beside each other wait for events, they do not compute.
    maxConcurrency: 30,
  },
})
