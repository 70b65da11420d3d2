/**
 * Every text that the packages throw or print is in docs/messages.md (`--write` makes it from the source), and every code of a mistake in
 * the configuration has a heading in docs/troubleshooting.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ELSEWHERE, messagesOf } from '../lib/messages.mjs';
import { files, read, report, root } from '../lib/source.mjs';

const [GUIDE, LIST] = ['docs/troubleshooting.md', 'docs/messages.md'];
const PACKAGES = {
  guard: 'Guard',
  gateway: 'Gateway and authoriser',
  cli: 'Command line',
  rollout: 'Roll-out',
  cloud: 'Local cloud',
  console: 'Console',
  testkit: 'Test kit',
};
/** Text as Markdown that shows it as it is; what stands between backticks stays. @param {string} text */
const shown = (text) =>
  text
    .split('`')
    .map((part, index, all) => (index % 2 === 1 && index < all.length - 1 ? `\`${part}\`` : part.replace(/[\\*_<>[\]{}`]/g, '\\$&')))
    .join('');

const type = /type ConfigurationCode =([^;]*);/.exec(read('packages/guard/src/checks/configuration-error.ts'))?.[1] ?? '';
const codes = [...type.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code);
const sources = files(/^packages\/[^/]+\/src\/.*\.ts$/).filter((path) => !ELSEWHERE.test(path));
const known = new Set();
const sections = Object.entries(PACKAGES).map(([name, title]) => {
  const texts = /** @type {Map<string, Set<string>>} */ (new Map());
  for (const path of sources.filter((source) => source.startsWith(`packages/${name}/`)))
    messagesOf(path, (text, code) => {
      const told = codes.includes(code) ? [`[${code}](troubleshooting.md#${code})`] : [];
      texts.set(text, new Set([...(texts.get(text) ?? []), ...told]));
    });
  const fresh = [...texts].filter(([text]) => !known.has(text)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [text] of fresh) known.add(text);
  return `## ${title}\n\n${fresh.map(([text, told]) => [`### ${shown(text)}`, ...(told.size > 0 ? [`Code ${[...told].join(', ')}`] : [])].join('\n\n')).join('\n\n')}\n`;
});
const page = `# Messages

<!-- Made from the source by \`node tools/checks/docs/check-troubleshooting.mjs --write\`. Do not edit. -->

Every text that the packages throw or print is a heading here, so that a search finds it. An ellipsis (…) stands for what differs, such as a name or a
number. A mistake in the options begins with the option and ends with a code in brackets; below such a message is the link to what you can do.
[Reasons](reasons.md) has the codes of refused requests, with what they mean and what to do.

${sections.join('\n')}`;
if (process.argv.includes('--write')) writeFileSync(join(root, LIST), page);
const problems = read(LIST) !== page ? [`${LIST} is old: run node tools/checks/docs/check-troubleshooting.mjs --write`] : [];
for (const code of codes) if (!read(GUIDE).includes(`\n### ${code}\n`)) problems.push(`${GUIDE} has no heading ${code}`);
report('check-troubleshooting', problems, `${known.size} messages, ${codes.length} codes.`);
