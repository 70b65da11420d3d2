/** Imports point down: ranks, cycles (types included), what may be imported from outside, and identifiers that do not occur. */
import { dirname, join } from 'node:path/posix';
import { files, lineOf, parse, readJson, report, walk } from '../lib/source.mjs';

/** @typedef {{ name: string, rank: number, paths: string[], apart?: boolean }} Room */
/** @typedef {{ from: string, to: string, typeOnly: boolean }} Import */

const layers = readJson('tools/checks/code/layers.json');
const problems = /** @type {string[]} */ ([]);
const imports = /** @type {Import[]} */ ([]);
const paths = files(/^packages\/[^/]+\/src\/.*\.[cm]?ts$/);
for (const path of paths) readFile(path.slice('packages/'.length));
for (const edge of imports) checkEdge(edge);
const cycle = cyclic();
if (cycle.size > 0) problems.push(`import cycle among ${[...cycle].sort().join(', ')}`);
report('check-layers', [...new Set(problems)], `${paths.length} files, ${imports.length} imports.`);

/** @param {string} path @returns {Room | undefined} the room with the longest matching path */
function roomOf(path) {
  const length = (/** @type {Room} */ room) =>
    Math.max(0, ...room.paths.filter((start) => path.startsWith(start)).map((start) => start.length));
  const best = [...layers.rooms].sort((a, b) => length(b) - length(a))[0];
  return length(best) > 0 ? best : undefined;
}

/** @param {string} path */
function readFile(path) {
  const { text, program } = parse(`packages/${path}`);
  if (roomOf(path) === undefined) problems.push(`${path} is in no room: add it to tools/checks/code/layers.json`);
  walk(program, (node, parent) => {
    if (node.source?.type === 'Literal' && !/^TSExternal/.test(node.type)) {
      const typeOnly = node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type';
      addImport(path, node.source.value, typeOnly);
    } else checkName(path, node, parent, text);
  });
}

/** @param {string} from @param {string} specifier @param {boolean} typeOnly */
function addImport(from, specifier, typeOnly) {
  if (specifier.startsWith('.')) imports.push({ from, to: join(dirname(from), specifier), typeOnly });
  else if (layers.aliases[specifier]) imports.push({ from, to: layers.aliases[specifier], typeOnly });
  else {
    const room = roomOf(from)?.name ?? '';
    const area = layers.outside[room] || !from.startsWith('guard/') ? room : (from.split('/')[2] ?? '');
    if (layers.outside[area]?.includes(specifier) === false)
      problems.push(`${from} imports '${specifier}': ${area} may not (tools/checks/code/layers.json, outside)`);
  }
}

/** @param {Import} edge */
function checkEdge({ from, to, typeOnly }) {
  const upper = roomOf(from);
  const lower = roomOf(to);
  if (!upper || !lower || from === to) return;
  if (upper === lower ? !upper.apart : upper.rank > lower.rank) return;
  if (typeOnly && layers.typeOnly.some((/** @type {Import} */ row) => row.from === from && row.to === to)) return;
  const direction = upper.rank < lower.rank ? 'upward' : 'sideways';
  problems.push(`${from} (${upper.name}) imports ${to} (${lower.name}): ${direction}`);
}

/** @param {string} path @param {any} node @param {any} parent @param {string} text */
function checkName(path, node, parent, text) {
  const dotted = node.type === 'MemberExpression' && node.object.name ? `${node.object.name}.${node.property.name}` : null;
  const name = node.type === 'Identifier' ? node.name : dotted;
  if (name === null || /^TS(Property|Method)Signature$/.test(parent?.type)) return;
  for (const [start, { names, why }] of Object.entries(layers.forbidden)) {
    if (path.startsWith(start) && names.includes(name)) problems.push(`${path}:${lineOf(text, node.start)} uses ${name}: ${why}`);
  }
}

/** @returns {Set<string>} the files left when those that import nothing left, or that nothing left imports, are taken away again and again */
function cyclic() {
  const left = new Set(imports.flatMap(({ from, to }) => [from, to]));
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    const live = imports.filter(({ from, to }) => left.has(from) && left.has(to));
    for (const file of left) if (!live.some(({ from }) => from === file) || !live.some(({ to }) => to === file)) left.delete(file);
  }
  return left;
}
