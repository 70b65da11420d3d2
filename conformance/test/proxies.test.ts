/** The table against real proxies, before a server that knows nothing of attestation. */
import { test } from 'node:test';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { proxies } from '../adapters/proxies.ts';
import { answerTable } from './answer-table.ts';

const here = proxies.filter(({ program }) => findProgram(program) !== null);
for (const { name, program } of proxies) test(`${name}: the program is here`, skipUnless(findProgram(program), program), () => undefined);
if (here.length > 0) answerTable('the table, behind proxies', here);
