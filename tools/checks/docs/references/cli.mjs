/** The commands with their options, out of the tables that the parser and `--help` read. */
import { tsImport } from 'tsx/esm/api';

const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (/** @type {readonly string[]} */ lines) => `\`\`\`console\n${lines.join('\n')}\n\`\`\``;

/** @returns {Promise<[path: string, text: string]>} */
export async function cliPage() {
  const { COMMANDS } = await tsImport('../../../../packages/cli/src/run.ts', import.meta.url);
  const index = COMMANDS.map((/** @type {any} */ { name, summary }) => `| [\`${name}\`](#${name}) | ${cell(summary)} |`);
  const text = [
    '# Reference: the command line',
    'Every command with every option, as `--help` prints them. What they are for, with examples: [the command line](../cli.md).',
    ['| command | does |', '|---|---|', ...index].join('\n'),
    ...COMMANDS.map(section),
  ];
  return ['docs/reference/cli.md', text.join('\n\n')];
}

/** @param {any} command */
function section({ name, summary, usage, options, examples }) {
  const rows = Object.entries(options).map(([option, /** @type {any} */ row]) => {
    const repeated = row.repeatable === true && !row.describe.includes('may be repeated') ? '; may be repeated' : '';
    return `| \`--${option}${row.value === null ? '' : ` ${cell(row.value)}`}\` | ${cell(row.describe)}${repeated} |`;
  });
  return [
    `## ${name}`,
    `${summary[0].toUpperCase()}${summary.slice(1)}.`,
    code(usage),
    ['| option | |', '|---|---|', ...rows].join('\n'),
    'Examples:',
    code(examples),
  ].join('\n\n');
}
