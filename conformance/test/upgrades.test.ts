/** What connections may become behind each real proxy: WebSockets of genuine apps, and nothing else. */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { findProgram, skipUnless } from '../../tools/optional.mjs';
import { proxies } from '../adapters/proxies.ts';
import { approovToken, deadToken, token, tokenOnly } from '../table/setups.ts';

/** A server that becomes whatever it is asked to, and echoes. */
async function obliging(context: TestContext): Promise<{ readonly url: string; readonly upgraded: IncomingHttpHeaders[] }> {
  const upgraded: IncomingHttpHeaders[] = [];
  const server = createServer((_request, response) => response.end('plain'));
  server.on('upgrade', ({ headers }, socket) => {
    upgraded.push(headers);
    const accepted = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n${accepted}\r\n\r\n`);
    socket.on('error', () => undefined);
    socket.pipe(socket);
    context.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, upgraded };
}

/** Asks for an upgrade, says something once it is there, and answers all that came back. */
function asked(port: number, upgrade: string, lines: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      const before = text;
      text += chunk;
      if (/^HTTP\/1\.1 101 .*\r\n\r\n/s.test(text) && !/^HTTP\/1\.1 101 .*\r\n\r\n/s.test(before)) socket.write('said');
      if (/\r\n\r\nsaid$/.test(text) || /^HTTP\/1\.1 (?!101)\d.*\r\n\r\n/s.test(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(
      `GET /socket HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade, X-Attestation-Verdict\r\nUpgrade: ${upgrade}\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines}\r\n`,
    );
  });
}

for (const place of proxies) {
  test(`upgrades through ${place.name}`, skipUnless(findProgram(place.program), place.program), async (context) => {
    const { url, upgraded } = await obliging(context);
    const started = await place.start({ ...tokenOnly, name: 'upgrades', behind: url });
    context.after(() => started.close());
    const port = Number(new URL(started.origin).port);
    const genuine = approovToken(token()).join(': ');
    assert.match(await asked(port, 'websocket', `${genuine}\r\n`), /^HTTP\/1\.1 101 .*\r\n\r\nsaid$/s);
    assert.match(await asked(port, 'WebSocket', `${genuine}\r\n`), /^HTTP\/1\.1 101 .*\r\n\r\nsaid$/s);
    assert.deepEqual(
      upgraded.map((headers) => headers['x-attestation-verdict']),
      ['accepted', 'accepted'],
    );
    for (const lines of ['', `${approovToken(deadToken()).join(': ')}\r\n`])
      assert.match(await asked(port, 'websocket', lines), /^HTTP\/1\.1 401 /);
    for (const other of ['h2c', 'TLS/1.0', 'websocket, h2c', 'foo'])
      assert.doesNotMatch(await asked(port, other, `${genuine}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`), /^HTTP\/1\.1 101/, other);
    assert.equal(upgraded.length, 2);
  });
}
