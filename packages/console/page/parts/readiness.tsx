import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ShownReport } from '../../src/wire.ts';
import { loadReport } from '../api.ts';
import { Words } from './words.tsx';

const EACH_MS = 2000;
const NUMBER = new Intl.NumberFormat('en');

type Slices = ShownReport['byRoute'];

/** What enforcing would refuse, and who that is. Texts alone: names that clients chose among them. */
export function Readiness(): JSX.Element {
  const [shown, setShown] = useState<ShownReport | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const load = (): void =>
      void loadReport().then(
        (made) => {
          setShown(made);
          setProblem('');
        },
        (error: unknown) => setProblem(error instanceof Error ? error.message : 'It failed.'),
      );
    load();
    const timer = setInterval(load, EACH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="card readiness" aria-labelledby="readiness">
      <h2 id="readiness">Ready to enforce?</h2>
      {shown === null || problem !== '' ? (
        <p class="empty">{problem || 'No report yet.'}</p>
      ) : shown.all === 0 ? (
        <p class="empty">Nothing was judged yet.</p>
      ) : (
        <Report {...shown} />
      )}
    </section>
  );
}

function Report({ all, refused, genuine, ready, findings, classes, damaged, dropped, isLive, ...by }: ShownReport): JSX.Element {
  return (
    <>
      <p class="about">
        {isLive ? 'Of all that was decided since the start of this process. ' : 'Of the decision log. '}
        Enforcing now would refuse <b>{NUMBER.format(refused)}</b> of <b>{NUMBER.format(all)}</b> requests; <b>{NUMBER.format(genuine)}</b>{' '}
        of them look genuine.
      </p>
      <h3 data-ready={ready}>{ready ? 'Ready' : 'Not ready'}</h3>
      <ul class="findings">
        {findings.map(({ name, holds, text }) => (
          <li key={name} data-finding={name} class={holds ? 'holds' : 'fails'}>
            <b>{holds ? 'yes' : 'no'}</b> {text}
          </li>
        ))}
      </ul>
      <h3>What it is, and what to do</h3>
      <ul class="classes">
        {classes.map(({ name, count, title, action }) => (
          <li key={name} data-class={name}>
            <span>
              <b>{title}</b> {NUMBER.format(count)}
            </span>
            <progress max={all} value={count} aria-label={`${title}: ${count}`} />
            <small>
              <Words text={action} />
            </small>
          </li>
        ))}
      </ul>
      <Table title="By version of the app" slices={by.byVersion} />
      <Table title="By platform" slices={by.byPlatform} />
      <Table title="By route" slices={by.byRoute} />
      <Table title="By day" slices={by.byDay} />
      {damaged + dropped > 0 && (
        <p class="about">
          {NUMBER.format(damaged)} lines could not be read; {NUMBER.format(dropped)} decisions were not logged.
        </p>
      )}
    </>
  );
}

function Table({ title, slices }: { readonly title: string; readonly slices: Slices }): JSX.Element {
  return (
    <details>
      <summary>{title}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">requests</th>
            <th scope="col">refused</th>
            <th scope="col">genuine</th>
          </tr>
        </thead>
        <tbody>
          {slices.map(({ name, all, refused, genuine }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{NUMBER.format(all)}</td>
              <td>{NUMBER.format(refused)}</td>
              <td>{NUMBER.format(genuine)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
