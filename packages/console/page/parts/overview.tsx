import type { JSX } from 'preact';
import type { Setup } from '../../src/wire.ts';
import type { Traffic } from '../feed.ts';
import { Chart } from './chart.tsx';
import { Words } from './words.tsx';

const NUMBER = new Intl.NumberFormat('en');

export function Overview({ traffic, setup }: { readonly traffic: Traffic; readonly setup: Setup | null }): JSX.Element {
  const { totals, codes, rate, buckets, at, gauges } = traffic;
  const judged = totals.accepted + totals.rejected + totals.unavailable;
  const reasons = Object.entries(codes)
    .filter(([code]) => code !== 'accepted' && code !== 'exempt' && code !== 'preflight')
    .sort(([, one], [, other]) => other - one)
    .slice(0, 12);
  const most = reasons[0]?.[1] ?? 1;
  return (
    <section class="card" aria-labelledby="overview">
      <h2 id="overview">3. All requests</h2>
      <dl class="tiles">
        <Tile name="accepted" count={totals.accepted} kind="accepted" />
        <Tile name="rejected" count={totals.rejected} kind="rejected" />
        <Tile name="our fault" count={totals.unavailable} kind="unavailable" />
        <Tile name="a second" count={rate.decided} kind="rate" />
      </dl>
      <p class="sampled" role="note">
        {rate.shown < rate.decided
          ? `Busy: ${NUMBER.format(rate.shown)} of ${NUMBER.format(rate.decided)} requests a second are listed. All are counted.`
          : 'Every request is listed and counted.'}
      </p>
      <h3>The last hour</h3>
      <Chart buckets={buckets} at={at} />
      <h3>Why requests were rejected</h3>
      {reasons.length === 0 ? (
        <p class="empty">{judged === 0 ? 'No requests yet.' : 'None was.'}</p>
      ) : (
        <ul class="reasons">
          {reasons.map(([code, count]) => (
            <li key={code} data-code={code}>
              <span>
                <code>{code}</code>
                <b>{NUMBER.format(count)}</b>
              </span>
              <progress max={most} value={count} aria-label={`${code}: ${count}`} />
              <small>
                <Words text={setup?.meanings[code]?.meaning ?? ''} />
              </small>
            </li>
          ))}
        </ul>
      )}
      <h3>If you enforced now</h3>
      <p class="about">
        {judged === 0
          ? 'Send a few requests, then this says how many would be turned away.'
          : `${NUMBER.format(judged - totals.accepted)} of ${NUMBER.format(judged)} requests (${Math.round(((judged - totals.accepted) / judged) * 100)} %) would be turned away.`}
        {gauges !== null &&
          ` The guard holds ${NUMBER.format(gauges.keys)} keys and ${NUMBER.format(gauges.cachedTokens)} verified tokens.`}
      </p>
    </section>
  );
}

function Tile({ name, count, kind }: { readonly name: string; readonly count: number; readonly kind: string }): JSX.Element {
  return (
    <div class={kind} data-tile={kind}>
      <dt>{name}</dt>
      <dd>{NUMBER.format(count)}</dd>
    </div>
  );
}
