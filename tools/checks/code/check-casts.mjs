/** A cast in the library says why it holds: a comment above it, in its function or at the top of the file, has the word. `as const` is none. */
import { files, lineOf, parse, report, walk } from '../lib/source.mjs';

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|MethodDefinition)$/;
/** So many lines above a cast its reason may stand, outside of its function. */
const NEAR = 4;

const problems = /** @type {string[]} */ ([]);
const paths = files(/^packages\/guard\/src\/.*\.ts$/);
let casts = 0;
for (const path of paths) {
  const { text, program, comments } = parse(path);
  const reasons = comments.filter(({ value }) => /\bcasts?\b/i.test(value));
  // Said once for all: "the casts of this file", "the casts below".
  if (reasons.some(({ value }) => /\bcasts (of this file|below)\b/i.test(value))) continue;
  const functions = /** @type {{ start: number, end: number }[]} */ ([]);
  walk(program, (node) => {
    if (FUNCTION.test(node.type)) functions.push(node);
    if (node.type !== 'TSAsExpression' || /^const$/.test(text.slice(node.typeAnnotation.start, node.typeAnnotation.end))) return;
    casts++;
    const line = lineOf(text, node.start);
    const near = reasons.some(({ end }) => end < node.start && lineOf(text, end) >= line - NEAR);
    const within = functions.filter(({ start, end }) => start <= node.start && node.end <= end);
    const said = reasons.some(
      ({ start, end }) =>
        end < node.start && within.some((outer) => outer.start <= start || lineOf(text, outer.start) === lineOf(text, end) + 1),
    );
    if (!near && !said) problems.push(`${path}:${line}: a cast without a reason: say above it why it holds, or do without it`);
  });
}
report('check-casts', problems, `${casts} casts in ${paths.length} files.`);
