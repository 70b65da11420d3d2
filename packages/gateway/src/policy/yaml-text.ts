/** Reads YAML 1.2 and keeps where everything stands. JSON is YAML, so this reads both. */
import { type ParsedText, TextMistake } from 'approov-guard/policy-file';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/**
 * Parses a policy in YAML or JSON. Names that stand twice, tags, anchors and several documents are refused: each is a way for a file to mean
 * something else than what a reviewer sees.
 *
 * @param text - the content of the file
 * @throws TextMistake with the line
 *
 * @example
 * ```ts
 * import { parseYamlText } from '@approov-guard/gateway';
 * const { value, lines } = parseYamlText('keys:\n  secret:\n    base64: { env: APPROOV_BASE64_SECRET }\n');
 * console.log(lines.get('keys.secret.base64')); // 3
 * ```
 */
export function parseYamlText(text: string): ParsedText {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    customTags: [],
    prettyErrors: false,
  });
  const lineAt = (offset: number): number => counter.linePos(offset).line;
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new TextMistake(lineAt(problem.pos[0]), problem.message);
  const lines = new Map<string, number>([['', 1]]);
  const value = document.contents === null ? null : plain(document.contents, '', { lines, lineAt });
  return { value, lines };
}

interface Reading {
  readonly lines: Map<string, number>;
  readonly lineAt: (offset: number) => number;
}

function plain(node: unknown, path: string, reading: Reading): unknown {
  // The cast holds: the parser makes nothing but nodes.
  const [offset = 0] = (node as Node | null)?.range ?? [];
  const line = reading.lineAt(offset);
  reading.lines.set(path, line);
  if (isAlias(node) || (node as { anchor?: string } | null)?.anchor !== undefined)
    throw new TextMistake(line, 'anchors and aliases are not read here; write the value out');
  if (isSeq(node)) return node.items.map((item, index) => plain(item, `${path}[${index}]`, reading));
  if (isMap(node)) return Object.fromEntries(node.items.map(({ key, value }) => member(key, value, path, reading)));
  return isScalar(node) ? node.value : null;
}

function member(key: unknown, value: unknown, path: string, reading: Reading): readonly [string, unknown] {
  const name = isScalar(key) ? key.value : null;
  if (typeof name !== 'string') throw new TextMistake(reading.lineAt((key as Node | null)?.range?.[0] ?? 0), 'a name is a text');
  const place = path === '' ? name : `${path}.${name}`;
  const found = plain(value, place, reading);
  // A value may begin on a later line; the name is what a reader looks for.
  reading.lines.set(place, reading.lineAt((key as Node).range?.[0] ?? 0));
  return [name, found];
}
