/**
 * Builds what the server hands out to browsers: `node scripts/page.mjs FOLDER`.
 *
 * `plansync-plan.js` is the element, `plansync-shared.js` what its first view needs as well, which both load; the rest are
 * the server's own pages. Beside each file stand its compressed forms. Exit 1 where a plan's page has grown too large.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** On a slow line (1.6 Mbit/s) this is three quarters of a second. */
const PLAN_GZIP_BYTES_MAX = 150_000;
/** What a plan's page loads. */
const PLAN = ['plan.html', 'plan.js', 'frame.css', 'plansync-shared.js', 'plansync-plan.js'];

const source = fileURLToPath(new URL('../src', import.meta.url));
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('which folder? node scripts/page.mjs FOLDER');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** The element and the first view have one copy of what both need. */
const sharing = { 'plansync-plan': 'element/index.ts', plan: 'page/plan.ts' };
const scripts = { join: 'page/join.ts', home: 'page/home.ts' };
const styles = { frame: 'page/frame.css', page: 'page/page.css', join: 'page/join.css' };
/** The indentation of markup and styles in templates means nothing, and is a thirtieth of the page. */
const unindented = {
  name: 'unindented',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/]element[\\/].+\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replace(/\n\s+/g, '\n'),
    })),
};
const common = {
  plugins: [unindented],
  bundle: true,
  minify: true,
  outdir: folder,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};
const entries = (of) => Object.entries(of).map(([out, file]) => ({ out, in: join(source, file) }));
await build({
  ...common,
  entryPoints: entries(sharing),
  format: 'esm',
  splitting: true,
  chunkNames: 'plansync-shared',
});
await build({ ...common, entryPoints: entries(scripts), format: 'esm' });
await build({ ...common, entryPoints: entries(styles) });
for (const name of ['plan', 'join', 'home']) {
  writeFileSync(join(folder, `${name}.html`), readFileSync(join(source, 'page', `${name}.html`)));
}

const sizes = new Map();
for (const name of readdirSync(folder)) {
  const bytes = readFileSync(join(folder, name));
  const gzip = gzipSync(bytes, { level: 9 });
  sizes.set(name, gzip.length);
  writeFileSync(join(folder, `${name}.gz`), gzip);
  writeFileSync(
    join(folder, `${name}.br`),
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
}
const total = PLAN.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
console.log(`a plan's page  ${total} bytes gzipped (at most ${PLAN_GZIP_BYTES_MAX})`);
if (total > PLAN_GZIP_BYTES_MAX) {
  console.error('the page has grown too large');
  process.exit(1);
}
