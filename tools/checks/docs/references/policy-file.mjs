/** The policy file, out of its JSON Schema: what may stand where, of which type, in which range. */
import { readJson } from '../../lib/source.mjs';

const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const quoted = (/** @type {unknown} */ value) => `\`${JSON.stringify(value)}\``;

/** @returns {[path: string, text: string]} */
export function policyFilePage() {
  const { $defs, ...whole } = readJson('packages/guard/policy-file.schema.json');
  const parts = Object.entries(/** @type {{ [name: string]: any }} */ ($defs)).map(([name, schema]) => section(name, schema));
  const text = [
    '# Reference: the policy file',
    'Every member of a [policy file](../policy-file.md), from its JSON Schema (`approov-guard/policy-file.schema.json`). An unknown member is a mistake.',
    section('The file', whole),
    ...parts,
  ];
  return ['docs/reference/policy-file.md', text.join('\n\n')];
}

/** @param {string} name @param {any} schema */
function section(name, schema) {
  const rows = membersOf(schema, '').map(({ path, member, required }) => {
    return `| \`${path}\`${required ? ', required' : ''} | ${typeOf(member)} | ${cell(member.description ?? '')} |`;
  });
  const table = rows.length === 0 ? `${typeOf(schema)}.` : ['| member | value | |', '|---|---|---|', ...new Set(rows)].join('\n');
  return [`## ${name}`, schema.description ?? '', table].filter((part) => part !== '').join('\n\n');
}

/** @param {any} schema @param {string} start @returns {{ path: string, member: any, required: boolean }[]} */
function membersOf(schema, start) {
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) => membersOf(one, start));
  const listed = schema.items ? membersOf(schema.items, `${start.replace(/\.$/, '')}[].`.replace(/^\[\]\./, '[].')) : [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${start}${name}`;
    return [{ path, member, required: schema.required?.includes(name) ?? false }, ...membersOf(member, `${path}.`)];
  });
  return [...own, ...listed, ...variants];
}

/** @param {any} schema @returns {string} */
function typeOf(schema) {
  if (schema === true || schema === undefined) return 'anything';
  if (schema.$ref) return `[${schema.$ref.replace(/^.*\//, '')}](#${schema.$ref.replace(/^.*\//, '').toLowerCase()})`;
  if ('const' in schema) return quoted(schema.const);
  if (schema.enum) return schema.enum.map(quoted).join(', ');
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return [...new Set(variants.map(typeOf))].join(' or ');
  return [schema.type]
    .flat()
    .map((type) => named(type, schema))
    .join(' or ');
}

/** @param {string} type @param {any} schema @returns {string} */
function named(type, { items, minimum, maximum, minLength, format }) {
  if (type === 'null') return '`null`';
  if (type === 'array') return `a list of ${typeOf(items)}`;
  if (type === 'number' || type === 'integer') {
    const range = minimum === undefined && maximum === undefined ? '' : `, ${minimum ?? ''} to ${maximum ?? ''}`;
    return `${type === 'integer' ? 'a whole number' : 'a number'}${range}`;
  }
  const texts = { string: `a text${format ? ` (${format})` : ''}`, boolean: '`true`, `false`', object: 'members as below' };
  return texts[/** @type {keyof typeof texts} */ (type)] ?? `${type ?? 'as below'}${minLength ? '' : ''}`;
}
