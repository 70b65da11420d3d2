import { equal, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './running-example.ts';

test('the Dockerfile and the compose file name examples that are there', () => {
  const text = ['Dockerfile', 'compose.yaml'].map((file) => readFileSync(join(root, 'examples', file), 'utf8')).join('\n');
  const names = [...new Set(text.match(/\b(?:hello|shapes-api)\/\w+\/[\w-]+/g))];
  equal(names.length, 5);
  for (const name of names) ok(existsSync(join(root, 'examples', `${name}.js`)), name);
});
