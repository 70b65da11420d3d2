/** The table against the gateway, before a server that knows nothing of attestation. */
import { gateway } from '../adapters/gateway.ts';
import { answerTable } from './answer-table.ts';

answerTable('the table, behind the gateway', [gateway]);
