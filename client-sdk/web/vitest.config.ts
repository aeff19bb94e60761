import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: '@plansync/client/react', replacement: source('react.ts') },
      { find: '@plansync/client/workspace', replacement: source('workspace.ts') },
      { find: '@plansync/client/file', replacement: source('file.ts') },
      { find: '@plansync/client', replacement: source('index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Whole walks through a page, on a machine that does other things beside.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each file of test/server starts servers of its own, on a machine that may be busy.
    fileParallelism: false,
  },
});
