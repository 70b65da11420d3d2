import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'node:test';
import { gatewayTo, genuine, get, raw, upstream, valuesOf } from './harness.ts';

test('a genuine request reaches the upstream, another one does not', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url);
  const refused = await raw(port, get('/'));
  assert.equal(refused.status, 401);
  assert.equal(refused.body, '{}');
  assert.ok(refused.head.includes('www-authenticate: Approov'));
  assert.equal(received.length, 0);
  const answer = await raw(port, get('/a/%7Eb?c=d', genuine()));
  assert.deepEqual([answer.status, answer.body], [200, 'hello']);
  assert.deepEqual(
    received.map(({ method, url: target }) => [method, target]),
    [['GET', '/a/%7Eb?c=d']],
  );
});

test('identity headers: what the client sends is dropped however it is spelled, and the full set is written', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url, { policy: { exempt: ['/health'], binding: { headers: ['Authorization'] } } });
  const spoofed = [
    'X-Attestation-Verdict',
    'x-attestation-device',
    'X_Attestation_Verdict',
    'X-Attestation_Device',
    'X.Attestation.Verdict',
    'X-Attestation-New',
    'Approov_Token',
    'x_attestation-Verdict',
  ];
  const lines = spoofed.map((name) => [name, 'spoofed'] as const);
  await raw(port, get('/health', ...lines, ['X_Plain', 'kept'], ['Authorization_', 'kept']));
  const [request] = received;
  assert.ok(request !== undefined);
  assert.ok(!request.lines.includes('spoofed'), request.lines.join(' '));
  assert.deepEqual(valuesOf(request, 'x_plain'), ['kept']);
  const names = ['verdict', 'reason', 'mode', 'device', 'expires', 'key', 'binding', 'signature', 'digest', 'id'];
  const identity = Object.fromEntries(names.map((name) => [name, valuesOf(request, `x-attestation-${name}`)]));
  assert.deepEqual(
    { ...identity, id: identity.id?.length },
    {
      verdict: ['exempt'],
      reason: [''],
      mode: ['enforce'],
      device: [''],
      expires: [''],
      key: [''],
      binding: [''],
      signature: [''],
      digest: [''],
      id: 1,
    },
  );
  await raw(port, get('/', genuine({ bind: 'Bearer a' }), ['Authorization', 'Bearer a']));
  const accepted = received[1];
  assert.ok(accepted !== undefined);
  assert.deepEqual(
    ['verdict', 'device', 'key', 'binding'].map((name) => valuesOf(accepted, `x-attestation-${name}`)),
    [['accepted'], ['ExampleApproovTokenDID=='], ['keys.secret'], ['verified']],
  );
  assert.equal(valuesOf(accepted, 'approov-token').length, 1);
});

test('nobody tells the upstream of another path than the one that was judged, or of another scheme', async (context) => {
  const { url, received } = await upstream(context);
  const gateway = await gatewayTo(context, url);
  const names = [
    'SCRIPT_NAME',
    'Script-Name',
    'PATH_INFO',
    'X_SCRIPT-NAME',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Forwarded-Prefix',
    'X-Forwarded-Ssl',
    'X_Forwarded_Protocol',
  ];
  const lines = names.map((name): readonly [string, string] => [name, '/open']);
  assert.equal((await raw(gateway.port, get('/', genuine(), ...lines))).status, 200);
  const reached = (received[0]?.lines ?? []).filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual(
    names.filter((name) => reached.includes(name.toLowerCase())),
    [],
  );
});

test('in mode observe the upstream learns why a request would have been refused', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url, { policy: { mode: 'observe', binding: { headers: ['Authorization'] } } });
  assert.equal((await raw(port, get('/', ['Approov-Token', 'x']))).status, 200);
  assert.deepEqual(valuesOf(received[0] ?? { lines: [] }, 'x-attestation-verdict'), ['rejected']);
  assert.deepEqual(valuesOf(received[0] ?? { lines: [] }, 'x-attestation-reason'), ['token-malformed']);
});

test('the token goes no further where that is asked, and what it is bound to does', async (context) => {
  const { url, received } = await upstream(context);
  const policy = { binding: { headers: ['Authorization'] }, token: { header: 'X-Token' } };
  const { port } = await gatewayTo(context, url, { policy, gateway: { stripToken: true } });
  const [, token] = genuine({ bind: 'Bearer a' });
  assert.equal((await raw(port, get('/', ['X-Token', token], ['Authorization', 'Bearer a']))).status, 200);
  assert.equal((received[0]?.lines ?? []).includes(token), false);
  assert.deepEqual(valuesOf(received[0] ?? { lines: [] }, 'authorization'), ['Bearer a']);
});

test('fields of one hop are dropped, and a connection option cannot take away what was judged', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url);
  const hop = [
    ['Keep-Alive', 'x'],
    ['TE', 'gzip'],
    ['Proxy-Connection', 'x'],
    ['Proxy-Authorization', 'x'],
    ['X-Kept', 'y'],
  ] as const;
  await raw(port, get('/', genuine(), ...hop));
  for (const name of ['keep-alive', 'te', 'proxy-connection', 'proxy-authorization', 'upgrade'])
    assert.deepEqual(valuesOf(received[0] ?? { lines: [] }, name), [], name);
  assert.deepEqual(valuesOf(received[0] ?? { lines: [] }, 'x-kept'), ['y']);
  for (const name of ['X-Kept', 'Authorization', 'Approov-Token', 'Host', 'Content-Length', 'X-Attestation-Verdict']) {
    const answer = await raw(
      port,
      get(
        '/',
        genuine(),
        ['Connection', name],
        ['Authorization', 'a'],
        ['Content-Length', '0'],
        ['X-Kept', 'y'],
        ['X-Attestation-Verdict', 'a'],
      ),
    );
    assert.equal(answer.status, 400, name);
  }
  assert.equal(received.length, 1);
});

test('forwarding fields: replaced, unless a trusted proxy sent them', async (context) => {
  const { url, received } = await upstream(context);
  const said = [
    ['X-Forwarded-For', '1.2.3.4'],
    ['X-Forwarded-Proto', 'https'],
    ['Forwarded', 'for=1.2.3.4;proto=https'],
    ['X-Real-IP', '1.2.3.4'],
    ['X_Forwarded_For', '6.6.6.6'],
  ] as const;
  const plain = await gatewayTo(context, url);
  await raw(plain.port, get('/', genuine(), ...said));
  const trusting = await gatewayTo(context, url, { policy: { origin: { trustedProxies: ['loopback'] } } });
  await raw(trusting.port, get('/', genuine(), ...said));
  const of = (index: number, name: string): string => valuesOf(received[index] ?? { lines: [] }, name).join('|');
  const names = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded', 'x-real-ip', 'x_forwarded_for', 'via'];
  assert.deepEqual(
    names.map((name) => of(0, name)),
    ['127.0.0.1', 'http', 'api.example.com', 'for=127.0.0.1;host=api.example.com;proto=http', '', '', '1.1 approov-guard'],
  );
  assert.deepEqual(
    names.map((name) => of(1, name)),
    [
      '1.2.3.4, 127.0.0.1',
      'https',
      'api.example.com',
      'for=1.2.3.4;proto=https, for=127.0.0.1;host=api.example.com;proto=http',
      '1.2.3.4',
      '',
      '1.1 approov-guard',
    ],
  );
});

test('bodies go both ways as they flow, with length and chunked', async (context) => {
  const { url, received } = await upstream(context, (request, response) => request.on('end', () => response.end('x'.repeat(300_000))));
  const { port } = await gatewayTo(context, url);
  const body = 'y'.repeat(200_000);
  const head = (framing: string): string =>
    `POST /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${genuine().join(': ')}\r\n${framing}\r\n\r\n`;
  const long = await raw(port, head(`Content-Length: ${body.length}`) + body);
  assert.ok(long.body.includes('x'.repeat(1000)));
  await raw(port, [head('Transfer-Encoding: chunked'), `${body.length.toString(16)}\r\n${body}\r\n`, '0\r\n\r\n']);
  assert.deepEqual(
    received.map((one) => [one.body.length, valuesOf(one, 'content-length').join(), valuesOf(one, 'transfer-encoding').join()]),
    [
      [200_000, '200000', ''],
      [200_000, '', 'chunked'],
    ],
  );
  const empty = await raw(port, head('Content-Length: 0'));
  assert.equal(empty.status, 200);
  assert.deepEqual(valuesOf(received[2] ?? { lines: [] }, 'content-length'), ['0']);
});

test('trailers of requests go on where they are announced, and never what was judged, what is ours, or what frames', async (context) => {
  const trailers: (readonly string[])[] = [];
  const { url, received } = await upstream(context, (request, response) => {
    request.on('end', () => {
      trailers.push(request.rawTrailers);
      response.end('hello');
    });
  });
  const { port } = await gatewayTo(context, url, { policy: { binding: { headers: ['X-User'], missing: 'accept' } } });
  const [name, value] = genuine();
  const head = (announced: string): string =>
    `POST / HTTP/1.1\r\nHost: a\r\n${name}: ${value}\r\nTransfer-Encoding: chunked\r\n${announced}Connection: close\r\n\r\n`;
  const forbidden = [
    ['X-Attestation-Verdict', 'spoofed'],
    ['x_attestation.verdict', 'spoofed'],
    ['Approov-Token', value],
    ['APPROOV_TOKEN', value],
    ['X-User', 'other'],
    ['X_User', 'other'],
    ['Authorization', 'Bearer later'],
    ['Cookie', 'a=1'],
    ['Content-Type', 'text/html'],
    ['Content-Digest', 'sha-256=:AA==:'],
    ['Signature', 'x'],
    ['Host', 'other.example'],
    ['If-Match', '"a"'],
    ['X-Forwarded-For', '203.0.113.9'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['SCRIPT_NAME', '/x'],
    ['Connection', 'close'],
    ['Trailer', 'x'],
    ['TE', 'trailers'],
  ] as const;
  const names = ['X-Sum', 'x-two', ...forbidden.map(([one]) => one)];
  const tail = [['X-Sum', '1'], ['X-Not-Announced', '2'], ['X-Two', ' \xe4 '], ['x-sum', '3'], ...forbidden];
  const after = tail.map(([one, text]) => `${one}: ${text}\r\n`).join('');
  const announced = `Trailer: ${names.slice(0, 5).join(', ')}\r\ntrailer: ,${names.slice(5).join(' ,')}\r\n`;
  assert.equal((await raw(port, `${head(announced)}4\r\nbody\r\n0\r\n${after}\r\n`)).status, 200);
  const [request] = received;
  assert.ok(request !== undefined);
  assert.deepEqual([request.body, trailers.pop()], ['body', ['X-Sum', '1', 'X-Two', '\xe4', 'x-sum', '3']]);
  assert.deepEqual(valuesOf(request, 'trailer'), ['x-sum, x-two']);
  for (const field of ['x-sum', 'te', 'authorization']) assert.deepEqual(valuesOf(request, field), [], field);
  assert.deepEqual(valuesOf(request, 'x-attestation-verdict'), ['accepted']);
  // The parser takes no framing that comes late.
  for (const line of ['Content-Length: 5', 'Transfer-Encoding: chunked'])
    assert.equal((await raw(port, `${head('')}4\r\nbody\r\n0\r\n${line}\r\n\r\n`)).status, 400);
  received.splice(1);
  // What nobody announced goes nowhere.
  assert.equal((await raw(port, `${head('')}4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n`)).status, 200);
  assert.deepEqual([received[1]?.body, trailers.pop(), valuesOf(received[1] ?? { lines: [] }, 'trailer')], ['body', [], []]);
  // A token that comes after the body is none.
  const bare = head(`Trailer: ${name}\r\n`).replace(`${name}: ${value}\r\n`, '');
  assert.equal((await raw(port, `${bare}4\r\nbody\r\n0\r\n${name}: ${value}\r\n\r\n`)).status, 401);
  // Announced without a body, or with a length: legal, and there is no place for them.
  for (const [method, framing, body] of [
    ['GET', '', ''],
    ['POST', 'Content-Length: 4\r\n', 'body'],
  ])
    assert.equal(
      (
        await raw(
          port,
          `${method} / HTTP/1.1\r\nHost: a\r\n${name}: ${value}\r\n${framing}Trailer: X-Sum\r\nConnection: close\r\n\r\n${body}`,
        )
      ).status,
      200,
    );
  assert.deepEqual(
    received.slice(2).map((one) => [one.body, valuesOf(one, 'trailer')]),
    [
      ['', []],
      ['body', []],
    ],
  );
  // A size that the parser does not take ends the request.
  const large = `X-Sum: ${'y'.repeat(70_000)}\r\n\r\n`;
  const { status } = await raw(port, `${head('Trailer: X-Sum\r\n')}4\r\nbody\r\n0\r\n${large}`);
  assert.ok([0, 400, 431].includes(status), String(status));
});

test('who takes trailers of answers says so, and the server hears of it', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url);
  for (const [te, heard] of [
    ['TE: gzip;q=0.5 , Trailers\r\nConnection: TE, close\r\n', ['trailers']],
    ['TE: gzip\r\nTE: trailers;q=1\r\nConnection: close\r\n', ['trailers']],
    ['TE: gzip\r\nConnection: TE, close\r\n', []],
    ['Connection: close\r\n', []],
  ] as const) {
    await raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${genuine().join(': ')}\r\n${te}\r\n`);
    const request = received.pop() ?? { lines: [] };
    assert.deepEqual(
      [valuesOf(request, 'te'), valuesOf(request, 'connection')],
      [heard, [heard.length > 0 ? 'keep-alive, te' : 'keep-alive']],
    );
  }
});

test('trailers of answers: never what frames, sets a cookie or allows an origin; none where there is no content', async (context) => {
  const { url } = await upstream(context, (request, response) => {
    const socket = response.socket as Socket;
    request.on('end', () => {
      const fields = 'Trailer: X-Sum, Set-Cookie\r\nConnection: close\r\n';
      if (request.method === 'HEAD') return void socket.end(`HTTP/1.1 200 OK\r\n${fields}\r\n`);
      if (request.url === '/304') return void socket.end(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`);
      const tail = 'X-Sum: 1\r\nSet-Cookie: a=1\r\nx-sum: 2\r\nContent-Length: 5\r\nAccess-Control-Allow-Origin: *\r\nX-More: 3\r\n';
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields}\r\n4\r\nbody\r\n0\r\n${tail}\r\n`);
    });
  });
  const { port } = await gatewayTo(context, url);
  const whole = await raw(port, get('/', genuine()));
  assert.match(whole.head.join('\n'), /^trailer: x-sum$/im);
  assert.match(whole.body, /^4\r\nbody\r\n0\r\nX-Sum: 1, 2\r\nX-More: 3\r\n\r\n$/);
  assert.equal((await raw(port, get('/', genuine()).replace('GET', 'HEAD'))).status, 200);
  assert.equal((await raw(port, get('/304', genuine()))).status, 304);
  const old = await raw(port, get('/', genuine()).replace('HTTP/1.1', 'HTTP/1.0'));
  assert.deepEqual([old.status, old.body, /trailer/i.test(old.text)], [200, 'body', false]);
});

test('answers come back as they are: status, reason, repeated fields, trailers, HEAD, 204, 304', async (context) => {
  const { url } = await upstream(context, (request, response) => {
    if (request.url === '/trailers') {
      response.writeHead(200, { trailer: 'X-Sum' });
      response.write('part');
      response.addTrailers({ 'X-Sum': '1' });
      response.end();
      return;
    }
    if (request.url === '/head') {
      response.writeHead(200, { 'content-length': '5' }).end(request.method === 'HEAD' ? undefined : 'hello');
      return;
    }
    const status = Number(request.url?.slice(1));
    response.writeHead(
      status,
      'Own Words',
      [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-One', 'c'],
        ['Connection', 'X-Drop'],
        ['X-Drop', 'd'],
      ].flat(),
    );
    response.end();
  });
  const { port } = await gatewayTo(context, url);
  for (const status of [200, 204, 304, 404, 503]) {
    const { head } = await raw(port, get(`/${status}`, genuine()));
    assert.equal(head[0], `HTTP/1.1 ${status} Own Words`);
    assert.deepEqual(
      head.filter((line) => /^(set-cookie|x-)/i.test(line)),
      ['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-One: c'],
    );
  }
  const trailers = await raw(port, get('/trailers', genuine()));
  assert.match(trailers.text, /trailer: X-Sum/i);
  assert.match(trailers.body, /0\r\nX-Sum: 1\r\n\r\n$/);
  const head = await raw(port, get('/head', genuine()).replace('GET', 'HEAD'));
  assert.deepEqual([head.status, head.body, head.head.includes('content-length: 5')], [200, '', true]);
});

test('`Expect: 100-continue`: refused without the body, else told to go on', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url);
  const head = (...lines: readonly string[]): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const refused = await raw(port, head());
  assert.equal(refused.status, 401);
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write(head(genuine().join(': ')));
  const [first] = await once(socket, 'data');
  assert.match(first, /^HTTP\/1\.1 100 /);
  socket.write('ok');
  const [second] = await once(socket, 'data');
  assert.match(second, /^HTTP\/1\.1 200 /);
  assert.deepEqual([received[0]?.body, valuesOf(received[0] ?? { lines: [] }, 'expect')], ['ok', []]);
  assert.equal((await raw(port, head().replace('100-continue', 'nonsense'))).status, 417);
});

test('Server-Sent Events: each event comes at once', async (context) => {
  let send: (text: string) => void = () => undefined;
  const { url } = await upstream(context, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    send = (text) => (text === '' ? response.end() : response.write(text));
  });
  const { port } = await gatewayTo(context, url);
  const socket = connect(port, '127.0.0.1');
  context.after(() => socket.destroy());
  socket.setEncoding('latin1');
  socket.write(get('/events', genuine()));
  assert.match((await once(socket, 'data'))[0], /text\/event-stream/);
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send(event);
    assert.ok((await once(socket, 'data'))[0].includes(event));
  }
  send('');
  await once(socket, 'end');
});

test('upstreams by host and path; where none fits, 404', async (context) => {
  const [first, second] = [await upstream(context), await upstream(context)];
  const upstreams = [
    { name: 'pay', match: { host: 'api.example.com', path: ['/pay/*', '/once'] }, to: first.url },
    { name: 'sub', match: { host: '*.example.org' }, to: [second.url] },
  ];
  const { port } = await gatewayTo(context, '', { gateway: { to: undefined, upstreams } });
  const status = async (target: string, host = 'api.example.com'): Promise<number> =>
    (await raw(port, get(target, genuine()).replace('api.example.com', host))).status;
  assert.deepEqual(
    [await status('/pay/1'), await status('/pay'), await status('/once'), await status('/once/'), await status('/Pay')],
    [200, 200, 200, 404, 404],
  );
  assert.deepEqual(
    [await status('/x', 'a.example.org:8080'), await status('/x', 'example.org'), await status('/pay', 'A.EXAMPLE.ORG')],
    [200, 404, 200],
  );
  assert.deepEqual([first.received.length, second.received.length], [3, 2]);
});

test('CORS: preflights are answered before the guard, and refusals can be read', async (context) => {
  const { url, received } = await upstream(context, (_request, response) =>
    response.writeHead(200, { 'access-control-allow-origin': 'https://evil.example' }).end(),
  );
  const { port } = await gatewayTo(context, url, { policy: { cors: { origins: ['https://app.example.com'], credentials: true } } });
  const asking = (origin: string): string =>
    get('/', ['Origin', origin], ['Access-Control-Request-Method', 'POST']).replace('GET', 'OPTIONS');
  const allowed = await raw(port, asking('https://app.example.com'));
  assert.equal(allowed.status, 204);
  assert.match(allowed.text, /access-control-allow-origin: https:\/\/app\.example\.com\r\n/);
  assert.match(allowed.text, /access-control-allow-headers: .*Approov-Token/);
  assert.doesNotMatch((await raw(port, asking('https://evil.example'))).text, /access-control/);
  const refused = await raw(port, get('/', ['Origin', 'https://app.example.com']));
  assert.equal(refused.status, 401);
  assert.match(refused.text, /access-control-allow-origin: https:\/\/app\.example\.com/);
  const passed = await raw(port, get('/', genuine(), ['Origin', 'https://app.example.com']));
  assert.equal(
    passed.head.filter((line) => /^access-control-allow-origin/i.test(line)).join(),
    'access-control-allow-origin: https://app.example.com',
  );
  assert.equal(received.length, 1);
});

test('a preflight that nobody judged reaches no server', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url, { policy: { preflight: 'pass' } });
  await raw(port, get('/', ['Origin', 'https://a.example'], ['Access-Control-Request-Method', 'POST']).replace('GET', 'OPTIONS'));
  assert.equal(received.length, 0);
});

test('a bound token with another value is refused', async (context) => {
  const { url, received } = await upstream(context);
  const { port } = await gatewayTo(context, url, { policy: { binding: { headers: ['Authorization'] } } });
  assert.equal((await raw(port, get('/', genuine({ bind: 'Bearer a' }), ['Authorization', 'Bearer b']))).status, 401);
  assert.equal(received.length, 0);
});
