/**
 * Says how large the package is in a page, minified and compressed, without yjs and react. Exit 1 above the bound.
 */
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';

/** A plan is to be there before the page that shows it: on a slow line 25 KiB are a quarter of a second. */
const GZIP_BYTES_MAX = 25 * 1024;

const bundle = async (entry) => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['yjs', 'react'],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
};

const index = await bundle('src/index.ts');
const react = await bundle('src/react.ts');
console.log(`@plansync/client        ${index} bytes gzipped, without yjs (at most ${GZIP_BYTES_MAX})`);
console.log(`@plansync/client/react  ${react} bytes gzipped, all of it, without yjs and react`);
if (Math.max(index, react) > GZIP_BYTES_MAX) {
  console.error('the package has grown too large');
  process.exit(1);
}
