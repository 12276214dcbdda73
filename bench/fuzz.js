// npm run fuzz -- [--cases N] ...: runs the targets of test/fuzz. They are TypeScript, so vite loads them as it loads the tests.
import path from 'node:path'
import { createViteServer } from 'vitest/node'

const server = await createViteServer({
  root: path.resolve(import.meta.dirname, '..'),
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
})
const { main } = await server.ssrLoadModule('/test/fuzz/main.ts')
const status = await main(process.argv.slice(2))
await server.close()
process.exit(status)
