/** Every option of the tables has a member of its type, with a doc comment that says the same bounds and default; docs/options.md is written from both (`--write`). */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { read, report, root } from '../lib/source.mjs';
import { cell, defaultOf, kindOf, restOf } from './options/option-cells.mjs';
import { GROUPS, INTRO } from './options/option-groups.mjs';
import { membersOf, numbersSaid } from './options/option-types.mjs';

const DOCUMENT = 'docs/options.md';
const tables = await tsImport('../../../packages/guard/src/checks/option-table.ts', import.meta.url);

const problems = /** @type {string[]} */ ([]);
for (const name of Object.keys(tables)) {
  if (name !== 'ROUTE' && !GROUPS.some(([table]) => table === name)) problems.push(`${name} is on no page: add it to GROUPS`);
}
const sections = GROUPS.flatMap(([table, type, heading, intro]) => {
  const members = membersOf(type);
  const group = tables[table] ?? Object.fromEntries([...members.keys()].map((name) => [name, null]));
  for (const name of members.keys()) if (!(name in group)) problems.push(`${type}.${name} is not in the table ${table}`);
  const rows = Object.entries(group).map(([name, row]) => rowOf(name, members.get(name), row, table));
  return [`## ${heading}`, intro, ['| option | values | default | what it does |', '|---|---|---|---|', ...rows].join('\n')];
});
const document = `${['# Options', INTRO, ...sections].join('\n\n')}\n`;
if (process.argv.includes('--write')) writeFileSync(join(root, DOCUMENT), document);
if (!existsSync(join(root, DOCUMENT)) || read(DOCUMENT) !== document) {
  problems.push(`${DOCUMENT} differs from the tables and types: run \`node tools/checks/docs/check-options.mjs --write\``);
}
report('check-options', problems, `${GROUPS.length} groups, ${sections.join('\n').match(/^\| `/gm)?.length} options.`);

/** @param {string} name @param {import('./options/option-types.mjs').Member | undefined} member @param {any} row @param {string} table */
function rowOf(name, member, row, table) {
  const where = `${table}.${name}`;
  if (member === undefined || member.says === '') {
    problems.push(`${where}: ${member === undefined ? 'its type has no such member' : 'the member of its type has no doc comment'}`);
    return '';
  }
  const { says, need } = member;
  const said = numbersSaid(says);
  if (row?.unit !== undefined && (said.min !== row.min || said.max !== row.max || (row.fallback ?? said.fallback) !== said.fallback)) {
    problems.push(`${where}: the doc comment says ${JSON.stringify(said)}, the table ${JSON.stringify(row)}`);
  }
  const absent = (row?.words ?? []).filter((/** @type {string} */ word) => !`${says} ${member.type}`.includes(word));
  if (absent.length > 0) problems.push(`${where}: neither type nor doc comment names ${absent.join(', ')}`);
  const default_ =
    table === 'TOLERANCES' ? '`true`' : need === 'required' ? 'required' : need === 'alternative' ? '' : defaultOf(says, row);
  if (default_ === null) problems.push(`${where}: the doc comment says no default`);
  return `| \`${name}\` | ${cell(kindOf(member, row))} | ${cell(default_ ?? '')} | ${cell(restOf(says, row))} |`;
}
