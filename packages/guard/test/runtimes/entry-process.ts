/** The suite as a program for Node, Bun and Deno. The last argument is the folder with the corpus; the answers go there, too. */
import { readFileSync, writeFileSync } from 'node:fs';
// The build is not there when this is type-checked first.
// @ts-expect-error
import { crypto as nodePort } from '#built/crypto/node.js';
// @ts-expect-error
import { crypto as webPort } from '#built/crypto/web.js';
// @ts-expect-error
import { createGuardOn } from '#built/guard/create-guard.js';
import { type Answers, answersOf } from './answers.ts';
import { libraries } from './libraries.ts';

const folder = process.argv.at(-1) ?? '';
const corpora = JSON.parse(readFileSync(`${folder}/corpus.json`, 'utf8'));
const all = libraries({ ports: { 'node:crypto': nodePort, WebCrypto: webPort }, createGuardOn });
const answers: { [library: string]: Answers } = {};
for (const [name, library] of Object.entries(all)) answers[name] = await answersOf(library, corpora);
writeFileSync(`${folder}/answers.json`, JSON.stringify(answers));
