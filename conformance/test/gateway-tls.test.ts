/** The table against the gateway over TLS, with HTTP/1.1 and HTTP/2: signatures cover the scheme, so its requests are made for this one. */
import { test } from 'node:test';
import { openssl } from '../../packages/gateway/test/certificate.ts';
import { skipUnless } from '../../tools/optional.mjs';

process.env.TABLE_SCHEME = 'https';
test('the table behind the gateway over TLS', skipUnless(openssl, 'openssl'), () => undefined);
if (openssl !== null) {
  // The table is made when it is loaded.
  const [{ gatewayOverHttp2, gatewayOverTls }, { answerTable }] = await Promise.all([
    import('../adapters/gateway.ts'),
    import('./answer-table.ts'),
  ]);
  answerTable('the table, behind the gateway over TLS', [gatewayOverTls, gatewayOverHttp2]);
}
