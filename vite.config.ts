import { defineConfig } from 'vite'

/** Builds the page of `torch web`: src/web to dist/web, with the hash of its content in each name. */
export default defineConfig({
  root: 'src/web',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // The page is a few files, and its policy forbids what is not one of them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
