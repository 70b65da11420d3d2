/** What a signature covers is looked up once, and bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeaderLine, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import type { RequestView } from '../../../../src/core/request-view.ts';
import { NodeRequestView } from '../../../../src/http/view-node.ts';
import { now, secret } from '../../../both-ports.ts';
import { COVERED, PARAMETERS, type Sent, signed, withHeader } from '../../../signed-requests.ts';

const guard = createGuard({ keys: { secret }, origin: 'https://api.example.com:8443', signature: { replay: null }, now: () => now });
const wrong = Buffer.alloc(64, 7).toString('base64');
/** Each deviation of a client makes another base of these. */
const DEVIATING = ['"@authority"', '"@path"', '"@query"', '"@query-param";name="q"'];
const url = 'https://api.example.com:8443/?q=%20b%5Bx';
const names = Array.from({ length: 60 }, (_, index) => `n${index}`);

function covering(components: readonly string[], headers: readonly HeaderLine[] = [], target = url): Sent {
  const list = [...COVERED.map((name) => `"${name}"`), ...components].join(' ');
  const sent = signed({ url: target, headers });
  return withHeader(withHeader(sent, 'Signature-Input', `install=(${list});${PARAMETERS}`), 'Signature', `install=:${wrong}:`);
}

/** Counts how often each field is looked up, and the target read. */
function counting(view: RequestView): { readonly view: RequestView; readonly looks: Map<string, number> } {
  const looks = new Map<string, number>();
  const count = (what: string): number => looks.set(what, (looks.get(what) ?? 0) + 1).size;
  const counted = new Proxy(view, {
    get(target, name) {
      if (name === 'lines') return (field: string) => count(field) && target.lines(field);
      if (name === 'target') count('target');
      return Reflect.get(target, name, target);
    },
  });
  return { view: counted, looks };
}

async function reasonOf(view: RequestView): Promise<string> {
  const verdict = await guard.judge(view);
  return verdict.outcome === 'rejected' ? `${verdict.reason}: ${verdict.detail ?? ''}` : verdict.outcome;
}

test('each covered field is looked up once, whatever the deviations and however many components take from it', async () => {
  const fields = ['"a"', '"b";sf', '"c";bs', ...['x', 'y', 'z'].map((key) => `"d";key="${key}"`)];
  const headers: readonly HeaderLine[] = [
    ['A', '1'],
    ['B', 'x'],
    ['C', 'v'],
    ['D', 'x=1, y=2, z=3'],
  ];
  const { view, looks } = counting(requestView(covering([...DEVIATING, ...fields], headers)));
  assert.match(await reasonOf(view), /^signature-invalid/);
  for (const name of ['a', 'b', 'c', 'd']) assert.equal(looks.get(name), 1, name);
  const plain = counting(requestView(covering(DEVIATING.slice(0, 1))));
  await reasonOf(plain.view);
  assert.equal(looks.get('target'), plain.looks.get('target'), 'the target is read as often as without them');
});

const MORE: { readonly [limit: string]: readonly [Sent, RegExp] } = {
  'more than 128 field lines': [
    covering(
      ['"a"'],
      Array.from({ length: 129 }, (): HeaderLine => ['A', '']),
    ),
    /^signature-malformed: covers more than 128 field lines$/,
  ],
  'more than 16384 bytes': [covering(['"a"'], [['A', 'x'.repeat(16_384)]]), /^signature-malformed: covers more than 16384 bytes$/],
  'more than 16384 bytes of target': [
    covering([], [], `https://api.example.com:8443/${'x'.repeat(16_384)}`),
    /^signature-malformed: covers more than 16384 bytes$/,
  ],
  'more than 8 components with parameters': [
    covering(
      names.slice(0, 9).map((name) => `"d";key="${name}"`),
      [['D', names.join(',')]],
    ),
    /^signature-malformed: more than 8 components with parameters$/,
  ],
  'more than 2048 bytes by components with parameters': [
    covering(
      ['"a";sf', '"b";bs'],
      [
        ['A', `"${'x'.repeat(1024)}"`],
        ['B', 'x'.repeat(1024)],
      ],
    ),
    /^signature-malformed: covers more than 2048 bytes by components with parameters$/,
  ],
  'fields of more than 64 items': [
    covering(
      ['"accept";sf', '"b";key="x"'],
      [
        ['Accept', Array(33).fill('a').join(',')],
        ['B', Array(32).fill('x').join(',')],
      ],
    ),
    /^signature-malformed: covers fields of more than 64 items$/,
  ],
  'a query of long encoded names': [
    covering(['"@query-param";name="q"'], [], `https://api.example.com:8443/?q=1${`&${'%5b'.repeat(40)}`.repeat(20)}`),
    /^signature-malformed: covers a query of more than 128 parameters, or of long encoded names$/,
  ],
  'a query of more than 128 parameters': [
    covering(['"@query-param";name="q"'], [], `https://api.example.com:8443/?q=1${'&%5b'.repeat(128)}`),
    /^signature-malformed: covers a query of more than 128 parameters, or of long encoded names$/,
  ],
};

for (const [limit, [sent, expected]] of Object.entries(MORE)) {
  test(`${limit} cannot be covered`, async () => assert.match(await reasonOf(requestView(sent)), expected));
}

test('as much as the limits allow can be covered', async () => {
  const sent = covering(
    [...DEVIATING, '"a"', '"b";sf', ...names.slice(0, 5).map((name) => `"d";key="${name}"`)],
    [
      ...Array.from({ length: 100 }, (): HeaderLine => ['A', 'x'.repeat(100)]),
      ['B', 'x, '.repeat(30).slice(0, -2)],
      ['D', names.slice(0, 30).join(',')],
    ],
    `https://api.example.com:8443/?q=%20${'&%5b'.repeat(127)}`,
  );
  assert.match(await reasonOf(requestView(sent)), /^signature-(?:invalid|component-unresolvable: "b";sf)/);
});

test('parameters and members of other labels are bounded, too', async () => {
  const sent = covering([]);
  const input = `install=(${COVERED.map((name) => `"${name}"`).join(' ')});${PARAMETERS}`;
  const many = Array.from({ length: 150 }, (_, index) => `a${index}`);
  assert.match(
    await reasonOf(requestView(withHeader(sent, 'Signature-Input', `${input},${many.join(',')}`))),
    /^signature-malformed: Signature-Input/,
  );
  assert.match(
    await reasonOf(requestView(withHeader(sent, 'Signature-Input', `${input};${many.join(';')}`))),
    /^signature-malformed: Signature-Input/,
  );
  assert.match(await reasonOf(requestView(withHeader(sent, 'Signature', many.join(',')))), /^signature-malformed: Signature is/);
});

test('many looks at the fields of a Node request give what few looks give', () => {
  const rawHeaders = ['X', '1', 'y', '2', 'x', '3', 'Cookie', 'a=1', 'cookie', 'b=2'];
  const names = ['x', 'y', 'cookie', 'absent', '__proto__'];
  for (const request of [{ rawHeaders }, { headers: { X: ['1', '3'], y: 2 } }, { rawHeaders: [':path', '/', ...rawHeaders] }]) {
    const view = new NodeRequestView(request);
    const few = names.map((name) => view.lines(name));
    for (let look = 0; look < 100; look++)
      assert.deepEqual(
        names.map((name) => view.lines(name)),
        few,
      );
  }
});
