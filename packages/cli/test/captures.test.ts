/** Requests as browsers, Postman and people copy them for other programs than curl. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshInstallationKey, mintToken, signRequest } from '@approov-guard/testkit';
import { capturedRequest } from '../src/capture/read-capture.ts';
import { guard, now, secret } from './harness.ts';

const read = (text: string, entry: number | null = null) => capturedRequest(Buffer.from(text), entry);
const headersOf = (text: string) => Object.fromEntries(read(text).headers);
const bodyOf = (text: string) => Buffer.from(read(text).body ?? []).toString();

const installationKey = freshInstallationKey();
const token = mintToken({ secret, now, claims: { ipk: installationKey.ipk }, bind: 'Bearer top-secret' });
const body = '{"a":"ä $5 `x`"}';
const signed = signRequest({
  client: 'unity',
  sign: 'install',
  request: { method: 'POST', url: 'https://api.example.com/v1/items?x=1', headers: [['Authorization', 'Bearer top-secret']], body },
  token,
  installationKey,
  now,
});

/** As the developer tools of Chrome and Edge write it. */
const escaped = (text: string) =>
  `"${text.replace(/[`$"]/g, '`$&').replace(/[^\x20-\x7e]/g, (character) => `$([char]${character.charCodeAt(0)})`)}"`;
const ofChrome = (more = '') =>
  [
    '$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession',
    '$session.UserAgent = "Mozilla/5.0 (X11; Linux x86_64)"',
    '$session.Cookies.Add((New-Object System.Net.Cookie("a", "1", "/", "api.example.com")))',
    '$session.Cookies.Add((New-Object System.Net.Cookie("b", "`"2`"", "/", "api.example.com")))',
    'Invoke-WebRequest -UseBasicParsing -Uri "https://api.example.com/v1/items?x=1" `',
    '-Method "POST" `',
    '-WebSession $session `',
    '-Headers @{',
    ...Object.entries({ authority: 'api.example.com', method: 'POST', path: '/v1/items?x=1', scheme: 'https' }).map(
      ([name, value]) => `"${name}"="${value}"`,
    ),
    '  "sec-ch-ua"="`"Chromium`";v=`"141`""',
    ...signed.headers.filter(([name]) => !/^content-(?:type|length)$/i.test(name)).map(([name, value]) => `  "${name}"=${escaped(value)}`),
    '} `',
    '-ContentType "application/json" `',
    `-Body ([System.Text.Encoding]::UTF8.GetBytes(${escaped(body)}))${more}`,
  ].join('\r\n');
const ofFetch = (options: object = {}) =>
  `fetch("https://api.example.com/v1/items?x=1", ${JSON.stringify(
    {
      headers: Object.fromEntries(signed.headers.filter(([name]) => !/^content-length$/i.test(name))),
      referrer: 'https://app.example.com/',
      referrerPolicy: 'strict-origin-when-cross-origin',
      body,
      method: 'POST',
      mode: 'cors',
      credentials: 'include',
      ...options,
    },
    null,
    2,
  )});`;

describe('a signed request with a body passes every check', () => {
  for (const [what, text] of [
    ['PowerShell of Chrome and Edge', ofChrome()],
    ['fetch', ofFetch()],
    [
      'fetch (Node.js)',
      `await ${ofFetch({ headers: { ...Object.fromEntries(signed.headers), cookie: 'a=1', Referer: 'https://a.example/' } })}`,
    ],
  ] as const) {
    test(what, async () => {
      const { code, stdout, stderr } = await guard(['explain', '-', '--bind-header', 'authorization'], { stdin: text });
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, / {2}digest +passed\n/);
    });
  }
});

describe('PowerShell', () => {
  test('a session’s cookies and agent are sent, the copies of pseudo-headers are not', () => {
    const headers = headersOf(ofChrome());
    assert.equal(headers.Cookie, 'a=1; b="2"');
    assert.match(headers['User-Agent'] ?? '', /^Mozilla/);
    assert.equal(headers['sec-ch-ua'], '"Chromium";v="141"');
    for (const name of ['authority', 'method', 'path', 'scheme']) assert.equal(headers[name], undefined);
    assert.equal(headers['Content-Type'], 'application/json');
  });

  test('as Postman writes it: a dictionary, a text over several lines, what becomes of the answer', () => {
    const text = [
      '$headers = New-Object "System.Collections.Generic.Dictionary[[String],[String]]"',
      '$headers.Add("Approov-Token", "abc")',
      '$headers.Add("Content-Type", "application/json")',
      '',
      '$body = @"',
      '{',
      '    `"a`": "1"',
      '}',
      '"@',
      '',
      "$response = Invoke-RestMethod 'https://h.example/a' -Method 'POST' -Headers $headers -Body $body",
      '$response | ConvertTo-Json',
    ].join('\n');
    assert.deepEqual(headersOf(text), { 'Approov-Token': 'abc', 'Content-Type': 'application/json', 'Content-Length': '16' });
    assert.equal(bodyOf(text), '{\n    "a": "1"\n}');
  });

  test('as people write it', () => {
    const spelled =
      "PS C:\\Users\\me> irm -Meth Post -Head @{ 'X-A' = 'it''s'; b = \"`$x\" } https://h.example/a?b=c -Body '{}' -TimeoutSec 5 -Verbose";
    assert.deepEqual(read(spelled).method, 'POST');
    assert.deepEqual(headersOf(spelled), {
      'X-A': "it's",
      b: '$x',
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': '2',
    });
    const splat =
      '$p = @{\n  Uri = "https://h.example/$x"\n  Method = "Put"\n  Headers = @{ "X-A" = $token } # said above\n}\nInvoke-RestMethod @p';
    assert.deepEqual(headersOf(`$x = 'a'; $token = "t";\n${splat}`), { 'X-A': 't' });
    assert.equal(read(`$x = 'a'; $token = "t";\n${splat}`).target, '/a');
    // There, `curl` and `wget` are other names of the command.
    for (const name of ['curl', 'wget', 'iwr', '$r = Invoke-WebRequest'])
      assert.deepEqual(headersOf(`${name} https://h.example -Headers @{"X-A"="b"}`), { 'X-A': 'b' }, name);
    assert.deepEqual(headersOf('$headers = @{}\n$headers["X-A"] = "b"\n$headers.B = "c"\niwr https://h.example -Head:$headers -Me get'), {
      'X-A': 'b',
      B: 'c',
    });
  });

  test('what might make another request is refused by name', () => {
    for (const [text, why] of [
      [`${ofChrome()};\r\n${ofChrome()}`, /several requests/],
      ['Invoke-WebRequest https://h.example -Form @{a="b"}', /-Form is not read/],
      ['Invoke-WebRequest https://h.example -InFile a.txt', /-InFile is not read/],
      ['Invoke-RestMethod https://h.example -Authentication Bearer -Token $t', /-Authentication is not read/],
      ['Invoke-RestMethod https://h.example -U "a"', /-U is not read/],
      ['irm https://h.example -Method Post -Body @{a=1}', /makes the body of this itself/],
      ['irm https://h.example -Method Post -Body "ä"', /different bytes/],
      ['irm https://h.example -Body "a"', /no -Method/],
      ['irm https://h.example -Headers @{"X-A"=$unknown}', /`\$unknown` is not read/],
      ['irm https://h.example -Headers @{"X-A"="$(Get-Date)"}', /is not read/],
      ['irm https://h.example -Headers @{"X-A"="$env:TOKEN"}', /is not read/],
      ['irm https://h.example -Headers @{"X-A"="b"; "x-a"="c"}', /twice/],
      ['irm https://h.example -Headers "X-A: b"', /not a table/],
      ['$b = @{a=1} | ConvertTo-Json\nirm https://h.example -Method Post -Body $b', /is not read/],
      ['$h = Get-Content token.txt\nirm https://h.example', /`Get-Content` is not read/],
      ['irm "https://h.example', /not closed/],
      ['irm -Method Get', /no -Uri/],
      ['$a = "b"', /holds no request/],
      ['curl https://h.example -H "a: b" `\n-H "c: d"', /continued as PowerShell/],
    ] as const) {
      assert.throws(() => read(text), why, text);
    }
  });
});

describe('fetch', () => {
  test('what is not JSON, or says more, is refused', () => {
    for (const text of [
      "fetch('https://h.example', { method: 'POST' })",
      'fetch("https://h.example", { "body": JSON.stringify({}) })',
      'fetch(url)',
      'fetch("https://h.example"); fetch("https://h.example")',
    ])
      assert.throws(() => read(text), /only as browsers copy it/, text);
    assert.throws(() => read('fetch("https://h.example", {"dispatcher": {}})'), /dispatcher is not read/);
    assert.throws(() => read('fetch("/relative")'), /not absolute/);
  });

  test('headers that the browser adds by itself cannot be explained', async () => {
    const { code, stderr } = await guard(['explain', '-', '--bind-header', 'cookie'], { stdin: ofFetch() });
    assert.equal(code, 2);
    assert.match(stderr, /depends on the header cookie, which the copy as fetch\(\) leaves out/);
  });
});

describe('archives', () => {
  const archive = (request: object, creator = 'WebInspector') =>
    JSON.stringify({
      log: { creator: { name: creator }, entries: [{ request: { method: 'POST', url: 'wss://h.example/a', headers: [], ...request } }] },
    });

  test('one without sensitive data says nothing of authorization', async () => {
    const text = archive({ headers: [{ name: 'Approov-Token', value: token }] });
    const { code, stderr } = await guard(['explain', '-', '--label', 'none', '--bind-header', 'authorization'], { stdin: text });
    assert.equal(code, 2);
    assert.match(stderr, /depends on the header authorization, which an archive without sensitive data/);
    const other = await guard(['explain', '-', '--label', 'none', '--bind-header', 'authorization'], {
      stdin: archive({ headers: [{ name: 'Approov-Token', value: token }] }, 'Firefox'),
    });
    assert.match(other.stdout, /binding-value-missing/);
  });

  test('a WebSocket, a form of which only the fields are there, and bytes that were shown as letters', () => {
    assert.equal(read(archive({})).scheme, 'https');
    assert.throws(
      () => read(archive({ postData: { mimeType: 'multipart/form-data', params: [{ name: 'a', value: 'b' }] } })),
      /fields of a form/,
    );
    const headers = [{ name: 'content-length', value: '2' }];
    assert.deepEqual(Buffer.from(read(archive({ headers, postData: { text: '\u00ff\u0001' } })).body ?? []), Buffer.from([255, 1]));
  });
});

test('a body that is not as long as its headers say is no body of that request', () => {
  const raw = (content: string, length: number) => `POST / HTTP/1.1\r\nHost: h.example\r\nContent-Length: ${length}\r\n\r\n${content}`;
  assert.equal(bodyOf(raw('{"a":1}\n', 7)), '{"a":1}');
  assert.equal(bodyOf(raw('{"a":1}\r\n\r\n', 7)), '{"a":1}');
  assert.equal(bodyOf(raw('a\n', 2)), 'a\n');
  assert.throws(() => read(raw('{"a":1', 7)), /6 bytes of body, and its Content-Length says 7/);
  assert.throws(() => read(raw('', 7)), /0 bytes of body/);
  const chunked = (content: string) => `POST / HTTP/1.1\r\nHost: h.example\r\nTransfer-Encoding: chunked\r\n\r\n${content}`;
  assert.equal(bodyOf(chunked('3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n')), 'abc0123456789');
  assert.equal(bodyOf(chunked('{"a":1}')), '{"a":1}');
});
