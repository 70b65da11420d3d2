/** docs/reference is what the code says: public API, command line, policy file, HTTP behaviour; and llms.txt is what docs/README.md leads to. `--write` writes it again. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, read, report, root } from '../lib/source.mjs';
import { apiPages } from './references/api.mjs';
import { cliPage } from './references/cli.mjs';
import { httpPage } from './references/http.mjs';
import { llmsPage } from './references/llms.mjs';
import { policyFilePage } from './references/policy-file.mjs';

const WRITE = 'node tools/checks/docs/check-references.mjs --write';
const [llms, llmsText] = llmsPage();
const pages = new Map([await cliPage(), policyFilePage(), await httpPage(), ...apiPages()].map(([path, text]) => [path, marked(text)]));
pages.set(llms, `${llmsText}\n`);

/** @param {string} text */
function marked(text) {
  const [heading = '', ...rest] = text.split('\n\n');
  const blocks = /^```/m.test(text) ? ['*Its blocks are not run by the tests: they are printed by the code itself.*'] : [];
  return `${[heading, `<!-- Generated from the code by \`${WRITE}\`. Do not edit. -->`, ...blocks, ...rest].join('\n\n')}\n`;
}

const stale = files(/^docs\/reference\/.*\.md$/).filter((path) => !pages.has(path) && read(path).includes(WRITE));
if (process.argv.includes('--write')) {
  mkdirSync(join(root, 'docs/reference'), { recursive: true });
  for (const [path, text] of pages) writeFileSync(join(root, path), text);
  for (const path of stale) rmSync(join(root, path));
}
const problems = [
  ...stale.filter((path) => existsSync(join(root, path))).map((path) => `${path} is of nothing that exists: run \`${WRITE}\``),
  ...[...pages].flatMap(([path, text]) => {
    if (existsSync(join(root, path)) && read(path) === text) return [];
    return [`${path} differs from the code. Is the change meant? Then run \`${WRITE}\`, and the difference is reviewed with it`];
  }),
];
report('check-references', problems, `${pages.size} pages.`);
