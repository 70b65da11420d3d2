import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from 'approov-guard';
import { Feed } from '../src/live/feed.ts';
import { printable, senderOf, shownPath } from '../src/way/shown-request.ts';

const decision = (code: string): Decision =>
  // The cast holds: the feed reads these members only.
  ({ action: 'refuse', mode: 'enforce', verdict: { outcome: code === 'accepted' ? 'accepted' : 'rejected', code } }) as never;
const described = { method: 'GET', path: '/', sender: 'script' };

test('of 10,000 decisions a second all are counted, some are shown, and what is rare is among them', () => {
  const feed = new Feed();
  let explained = 0;
  for (let second = 0; second < 3; second++) {
    for (let count = 0; count < 10_000; count++) {
      const at = 1_000_000_000_000 + second * 1000 + count / 10;
      if (feed.takesExplanation(at)) explained++;
      feed.add(decision(count === 9_999 ? 'token-duplicated' : 'accepted'), at, false, () => described);
    }
  }
  const frame = feed.frame(null, 1_000_000_003_000, null);
  deepEqual(frame.totals, { accepted: 29_997, rejected: 3, unavailable: 0, skipped: 0 });
  deepEqual(frame.codes, { accepted: 29_997, 'token-duplicated': 3 });
  deepEqual(frame.rate, { at: 1_000_000_002, decided: 10_000, shown: 51 });
  equal(frame.decisions.length, 153);
  equal(frame.decisions.filter(({ code }) => code === 'token-duplicated').length, 3);
  equal(explained, 120);
  ok(JSON.stringify(frame).length < 40_000);
});

test('memory is bounded: decisions, ways, and one hour of buckets', () => {
  const feed = new Feed();
  for (let second = 0; second < 7300; second++) {
    const shown = feed.add(decision('accepted'), 1_000_000_000_000 + second * 1000, false, () => described);
    ok(shown);
    feed.explain({
      decision: { ...shown, explained: true },
      checks: [],
      claims: null,
      tokenVerified: true,
      base: [],
      meaning: '',
      remedy: '',
    });
  }
  const frame = feed.frame(null, 1_000_000_000_000 + 7_300_000, null);
  equal(frame.decisions.length, 500);
  equal(frame.buckets.length, 361);
  equal(
    frame.buckets.reduce((sum, { accepted }) => sum + accepted, 0),
    3610,
  );
  equal(feed.way('1'), null);
  ok(feed.way('7300'));
});

test('a reader gets what is new to it, and everything at first', () => {
  const feed = new Feed();
  const at = 1_000_000_000_000;
  feed.add(decision('accepted'), at, false, () => described);
  equal(feed.frame(null, at, null).decisions.length, 1);
  const known = feed.shown;
  equal(feed.frame(known, at, null).decisions.length, 0);
  feed.add(decision('token-expired'), at, false, () => described);
  deepEqual(
    feed.frame(known, at, null).decisions.map(({ code }) => code),
    ['token-expired'],
  );
  equal(feed.frame(known, at, null).first, false);
  deepEqual(feed.frame(known, at + 5000, null).rate, { decided: 0, shown: 0 });
});

test('what a client says of itself is shown by one of few words, its path cut and without query or controls', () => {
  equal(senderOf('okhttp/4.12.0'), 'Android app');
  equal(senderOf('MyApp/1 CFNetwork/1490 Darwin/23'), 'iOS app');
  equal(senderOf('<script>alert(1)</script>'), 'unknown');
  equal(shownPath('/a/b?token=x#y'), '/a/b');
  equal(shownPath(`/${'x'.repeat(5000)}`).length, 200);
  equal(printable('a\u0000\u001b[31m\u202e\u200bz\u2028', 20), 'a\ufffd\ufffd[31m\ufffd\ufffdz\ufffd');
});
