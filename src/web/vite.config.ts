/** Bundles the local page into dist/web, from which the server of `coarsely view` reads it. */

import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Addresses stay relative, so that the page does not depend on where it is served.
  base: './',
  // Read by people who report a fault; the page is local, so its size costs nothing.
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    minify: true,
    assetsInlineLimit: 0,
  },
  logLevel: 'warn',
});
