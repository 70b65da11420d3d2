/** A check that cannot fail is worth nothing: each fault planted here, in a copy of the repository, must be found. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryPage } from '../build/packages.mjs';
import { files, root } from './lib/source.mjs';

const CORE = 'packages/guard/src/core/time.ts';
const CI = '.github/workflows/ci.yml';
const fence = (/** @type {string} */ language, /** @type {string} */ code) => `\n\`\`\`${language}\n${code}\n\`\`\`\n`;
const body = (/** @type {number} */ lines) => `{\n${'  void 0;\n'.repeat(lines)}}\n`;

/** @type {{ fault: string, check: string, file: string, add: string, found: RegExp }[]} */
const FAULTS = [
  {
    fault: 'an upward import',
    check: 'layers',
    file: CORE,
    add: "import '../guard/options.ts';",
    found: /guard\/options\.ts \(guard\): upward/,
  },
  {
    fault: 'an upward type',
    check: 'layers',
    file: CORE,
    add: "type A = import('./verdict.ts').Verdict;",
    found: /verdict\.ts .*: upward/,
  },
  {
    fault: 'a cast without a reason',
    check: 'casts',
    file: CORE,
    add: "export const a: Seconds = '1' as unknown as Seconds;",
    found: /time\.ts:\d+: a cast without a reason/,
  },
  {
    fault: 'a sideways import',
    check: 'layers',
    file: 'packages/guard/src/core/binding/a.ts',
    add: "import '../digest/b.ts';",
    found: /sideways/,
  },
  {
    fault: 'one adapter in another',
    check: 'layers',
    file: 'packages/guard/src/adapters/a.ts',
    add: "import './b.ts';",
    found: /sideways/,
  },
  { fault: 'a cycle', check: 'layers', file: CORE, add: "import type { X } from './time.ts';", found: /import cycle among/ },
  { fault: 'the clock in the core', check: 'layers', file: CORE, add: 'export const now = Date.now();', found: /uses Date: the core/ },
  { fault: 'chance in the core', check: 'layers', file: CORE, add: 'export const x = Math.random();', found: /uses Math\.random/ },
  { fault: 'Node in the core', check: 'layers', file: CORE, add: "import 'node:fs';", found: /imports 'node:fs': core may not/ },
  {
    fault: 'a framework in an adapter',
    check: 'layers',
    file: 'packages/guard/src/adapters/a.ts',
    add: "import 'express';",
    found: /'express'/,
  },
  {
    fault: 'signing in the library',
    check: 'layers',
    file: 'packages/guard/src/guard/a.ts',
    add: 'crypto.subtle.sign();',
    found: /uses sign:/,
  },
  { fault: 'a long function', check: 'sizes', file: CORE, add: `function long() ${body(60)}`, found: /a function of 62 lines/ },
  { fault: 'a long file', check: 'sizes', file: CORE, add: '\n'.repeat(300), found: /lines, at most 300/ },
  {
    fault: 'a long adapter',
    check: 'sizes',
    file: 'packages/guard/src/adapters/a.ts',
    add: '// x\n'.repeat(60),
    found: /an adapter at most 59/,
  },
  { fault: 'six parameters', check: 'sizes', file: CORE, add: 'function f(a, b, c, d, e, g) {}', found: /6 parameters, at most 5/ },
  { fault: 'a subpath to nowhere', check: 'exports', file: 'packages/guard/package.json', add: '', found: /leads to \.\/src\/absent\.ts/ },
  {
    fault: 'an export without comment',
    check: 'exports',
    file: 'packages/guard/src/index.ts',
    add: 'export const bare = 1;',
    found: /bare.*no doc/,
  },
  { fault: 'an edited reference', check: 'references', file: 'docs/reference/http.md', add: 'x', found: /differs from the code/ },
  { fault: 'an edited reason', check: 'reasons', file: 'docs/reasons.md', add: 'x', found: /differs from the tables/ },
  { fault: 'an edited option', check: 'options', file: 'docs/options.md', add: 'x', found: /options\.md differs from the tables/ },
  {
    fault: 'options that no type has',
    check: 'options',
    file: 'packages/guard/src/checks/option-table.ts',
    add: 'export const EXTRA = { a: null } as const;',
    found: /EXTRA is on no page/,
  },
  { fault: 'an edited message', check: 'troubleshooting', file: 'docs/messages.md', add: 'x', found: /messages\.md is old/ },
  {
    fault: 'a new message',
    check: 'troubleshooting',
    file: CORE,
    add: "new Error('is not a text of ours');",
    found: /messages\.md is old/,
  },
  { fault: 'a path of one machine', check: 'text', file: CORE, add: `// ${'/home'}/someone/x`, found: /a path of one machine/ },
  {
    fault: 'a picture without words',
    check: 'text',
    file: 'docs/keys.md',
    add: '![](images/token.svg)',
    found: /without alternative text/,
  },
  { fault: 'a link to nowhere', check: 'text', file: 'CHANGELOG.md', add: '[x](absent.md)', found: /leads to no file/ },
  { fault: 'an anchor to nowhere', check: 'text', file: 'CHANGELOG.md', add: '[x](#absent)', found: /leads to no heading/ },
  {
    fault: 'a link out of a package',
    check: 'text',
    file: 'packages/cli/README.md',
    add: '[x](../../docs/cli.md)',
    found: /leads out of the package/,
  },
  {
    fault: 'an address in the repository to nowhere',
    check: 'text',
    file: 'packages/cli/README.md',
    add: `[x](${repositoryPage}/blob/main/docs/absent.md)`,
    found: /leads to no file/,
  },
  { fault: 'a word that readers stumble over', check: 'language', file: 'docs/keys.md', add: 'Mend it.', found: /"Mend": say it plainly/ },
  {
    fault: 'a sentence without end',
    check: 'language',
    file: 'docs/keys.md',
    add: `It ${'goes on and '.repeat(20)}ends.`,
    found: /a sentence of 62 words/,
  },
  { fault: 'a term that nobody explains', check: 'language', file: 'docs/keys.md', add: 'Use the XQZ.', found: /"XQZ": explain it/ },
  {
    fault: 'a term of the field without a row',
    check: 'language',
    file: 'docs/keys.md',
    add: 'Ask a quorum.',
    found: /"quorum" is a term/,
  },
  {
    fault: 'a page that leads to no glossary',
    check: 'language',
    file: 'docs/lost.md',
    add: 'A verdict.',
    found: /"verdict" are used: link/,
  },
  { fault: 'a message that readers stumble over', check: 'language', file: 'docs/messages.md', add: '- mend it', found: /"mend": say/ },
  { fault: 'a workflow that runs what is not there', check: 'github', file: CI, add: '# npm run absent', found: /has no script absent/ },
  { fault: 'a workflow with a member that nobody reads', check: 'github', file: CI, add: 'job: {}', found: /job is not a member here/ },
  { fault: 'a block of the wrong type', check: 'docs', file: 'README.md', add: fence('ts', "const x: number = '';"), found: /TS2322/ },
  { fault: 'a block that throws', check: 'docs', file: 'README.md', add: fence('js', "throw new Error('thrown');"), found: /thrown/ },
  {
    fault: 'a file without a name',
    check: 'docs',
    file: 'README.md',
    add: fence('yaml', 'x: 1'),
    found: /what is the reader to do with it/,
  },
  {
    fault: 'a block that is run by no test',
    check: 'docs',
    file: 'README.md',
    add: `<!-- run by tools/absent.test.mjs -->\n${fence('sh', 'x').trim()}`,
    found: /there is no tools\/absent.test.mjs/,
  },
];

const copy = mkdtempSync(join(tmpdir(), 'approov-guard-planted-'));
before(() => {
  const filter = (/** @type {string} */ path) => !/\/(node_modules|\.git)$/.test(path);
  for (const name of [
    '.github',
    '.devcontainer',
    '.ci',
    'tools',
    'docs',
    'packages',
    'package.json',
    'tsconfig.base.json',
    'tsconfig.test.json',
    'CHANGELOG.md',
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  spawnSync('git', ['init', '--quiet'], { cwd: copy });
});
after(() => rmSync(copy, { recursive: true }));

for (const { fault, check, file, add, found } of FAULTS) {
  test(`check-${check} finds ${fault}`, () => {
    const path = join(copy, file);
    const original = readIfPresent(path);
    writeFileSync(path, file.endsWith('.json') ? original.replace('./src/adapters/web.ts', './src/absent.ts') : `${original}\n${add}\n`);
    const { status, stderr } = checked(check, file);
    original === '' ? rmSync(path) : writeFileSync(path, original);
    assert.match(stderr, found);
    assert.equal(status, 1);
  });
}

test('check-architecture finds a crowded folder', () => {
  const folder = 'tools/crowded';
  mkdirSync(join(copy, folder));
  for (let index = 0; index < 16; index++) writeFileSync(join(copy, folder, `${index}.mjs`), '');
  const { status, stderr } = checked('architecture');
  rmSync(join(copy, folder), { recursive: true });
  assert.match(stderr, /tools\/crowded: files in the fullest folder: 16, at most 15/);
  assert.equal(status, 1);
});

/** @param {string} check @param {string[]} parameters */
function checked(check, ...parameters) {
  const [path = check] = files(new RegExp(`^tools/checks/[a-z]+/check-${check}\\.mjs$`));
  return spawnSync(process.execPath, [path, ...parameters], { cwd: copy, encoding: 'utf8' });
}

/** @param {string} path */
function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
