/** The table against the gateway, before a server that knows nothing of attestation. */
import { test } from 'node:test';
import { openssl } from '../../packages/gateway/test/certificate.ts';
import { skipUnless } from '../../tools/optional.mjs';
import { gateway, gatewayOverHttp2, gatewayOverTls } from '../adapters/gateway.ts';
import { answerTable } from './answer-table.ts';

answerTable('the table, behind the gateway', openssl === null ? [gateway] : [gateway, gatewayOverTls, gatewayOverHttp2]);
test('the table behind the gateway over TLS', skipUnless(openssl, 'openssl'), () => undefined);
