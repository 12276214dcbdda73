import { defineConfig } from 'vite'

/**
 * Builds what `torch` runs: a few large files in dist/program in place of 300 small ones, with the libraries that
 * nearly every command needs. It starts in two thirds of the time. Large libraries of a single command, and those
 * with a native part, stay outside.
 */
export default defineConfig({
  publicDir: false,
  ssr: {
    noExternal: [
      ...['zod', 'yaml', 'cron-parser', 'luxon', 'ip'],
      ...['yargs', 'yargs-parser', 'cliui', 'string-width', 'strip-ansi', 'ansi-regex'],
      ...['wrap-ansi', 'ansi-styles', 'emoji-regex', 'get-east-asian-width', 'y18n', 'escalade'],
      'get-caller-file',
    ],
  },
  build: {
    ssr: true,
    license: { fileName: 'LICENSES.md' },
    target: 'node20.19',
    outDir: 'dist/program',
    rolldownOptions: {
      // Flat: the sources find the folder of the package two folders above themselves, and so do these.
      input: {
        main: 'src/cli/main.ts',
        signals: 'src/daemon/signals.ts',
        'parse-worker': 'src/daemon/tasks-file/parse-worker.ts',
        'compare-worker': 'src/view/compare-worker.ts',
        'helper-process': 'src/notify/helper-process.ts',
      },
      // Without a hash: a daemon that is older than an upgrade of the package finds its files by the same names.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})
