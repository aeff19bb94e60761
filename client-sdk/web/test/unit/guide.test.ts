/** The guides' TypeScript and JavaScript compiles: every block, as a module of its own, against the sources as they are. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const here = fileURLToPath(new URL('../../', import.meta.url));

/** What the guides presume: what the page or the program around a block has already. A block's own names come first. */
const PRESUMED = `
import type { Change, Plan, Status } from './src/index.js';
declare global {
  const connect: typeof import('./src/index.js').connect;
  const plan: Plan;
  const url: string;
  const token: string;
  /** The element of the guide's first steps. */
  const element: {
    addEventListener(name: 'plansync-status', heard: (event: CustomEvent<Status>) => void): void;
    addEventListener(name: 'plansync-change', heard: (event: CustomEvent<Change>) => void): void;
    addEventListener(name: 'plansync-title', heard: (event: CustomEvent<string>) => void): void;
  };
  /** An editor for Yjs, here CodeMirror's. */
  const EditorView: typeof import('@codemirror/view').EditorView;
  const yCollab: typeof import('y-codemirror.next').yCollab;
}
`;

/** The blocks of a guide, each as a module whose lines are those of the guide. */
function modules(guide: string): Map<string, string> {
  const text = readFileSync(root + guide, 'utf8');
  const found = new Map<string, string>();
  for (const { index, 1: language, 2: block } of text.matchAll(/^```(ts|tsx|js)\n([\s\S]*?)^```/gm)) {
    const line = text.slice(0, index).split('\n').length;
    found.set(`${here}${guide.replaceAll('/', '-')}-${line}.${language}`, `${'\n'.repeat(line)}${block}\nexport {};\n`);
  }
  return found;
}

/** What the compiler says against modules. */
function complaints(guide: string, sources: ReadonlyMap<string, string>): string[] {
  const config = ts.readConfigFile(`${here}tsconfig.json`, (path) => ts.sys.readFile(path)).config as object;
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, here);
  const presumed = `${here}guide-presumes.d.ts`;
  const files = new Map([...sources, [presumed, PRESUMED]]);
  const compile = (own: ts.CompilerOptions, names: string[]) => {
    const host = ts.createCompilerHost({ ...options, ...own });
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
    host.readFile = (name) => files.get(name) ?? readFile.call(host, name);
    host.getSourceFile = (name, version, ...rest) => {
      const text = files.get(name);
      return text === undefined
        ? getSourceFile.call(host, name, version, ...rest)
        : ts.createSourceFile(name, text, version);
    };
    const program = ts.createProgram([presumed, ...names], { ...options, ...own }, host);
    return [presumed, ...names].flatMap((name) => {
      const file = program.getSourceFile(name);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((each) => {
        const line = (file?.getLineAndCharacterOfPosition(each.start ?? 0).line ?? 0) + 1;
        return `${name === presumed ? 'presumed' : guide}:${line}: ${ts.flattenDiagnosticMessageText(each.messageText, ' ')}`;
      });
    });
  };
  const names = [...sources.keys()];
  const isScript = (name: string) => name.endsWith('.js');
  return [
    // A guide shows what is there; what its reader does with it comes after.
    ...compile(
      { noUnusedLocals: false, noUnusedParameters: false },
      names.filter((name) => !isScript(name)),
    ),
    // JavaScript says no types: what can be inferred has to fit.
    ...compile({ allowJs: true, checkJs: true, strict: false, noUnusedLocals: false }, names.filter(isScript)),
  ];
}

test.each([
  ['README.md', 2],
  ['docs/embedding.md', 4],
  ['client-sdk/web/README.md', 9],
])('%s: every block compiles', (guide, atLeast) => {
  const sources = modules(guide);
  expect(sources.size).toBeGreaterThanOrEqual(atLeast);
  expect(complaints(guide, sources)).toEqual([]);
});

test('what the compiler has against a block is told with its line in the guide', () => {
  const [name] = modules('README.md').keys();
  const said = complaints('README.md', new Map([[name!, '\n\nawait plan.lives();\nexport {};\n']]));
  expect(said).toEqual([expect.stringMatching(/^README\.md:3: .*'lives' does not exist/)]);
});
