import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Sent, Setup, ShownCheck, ShownLine, Way, WireRequest } from '../../src/wire.ts';
import { Editor } from './editor.tsx';
import { Words } from './words.tsx';

const MARKS = { passed: '✓', failed: '✕', skipped: '·' } as const;
const SPOKEN = { passed: 'passed', failed: 'failed', skipped: 'not made' } as const;

/** What stands in the panel of one request. */
export interface Looked {
  readonly way: Way | null;
  readonly sent: Sent | null;
  /** The button that was pressed. */
  readonly scenario: string | null;
  readonly problem: string | null;
}

interface Props {
  readonly looked: Looked;
  readonly setup: Setup | null;
  readonly onSend: (request: WireRequest, from: string) => void;
}

export function WayPanel({ looked, setup, onSend }: Props): JSX.Element {
  const { way, sent, scenario, problem } = looked;
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const isUnseen = (place.current?.getBoundingClientRect().top ?? 0) > window.innerHeight - 120;
    if (looked.way !== null && isUnseen) place.current?.scrollIntoView({ block: 'start' });
  }, [looked]);
  const asked = new Map(setup?.order.map(({ name, asks }) => [name, asks]));
  const wanted = setup?.scenarios.find(({ id }) => id === scenario) ?? null;
  return (
    <section ref={place} class="card way" aria-labelledby="way">
      <h2 id="way">2. Its way through the checks</h2>
      <div role="status" class="verdict-place">
        {problem !== null && <p class="problem">{problem}</p>}
        {problem === null && way === null && sent === null && (
          <p class="empty">Nothing sent yet. Press a button, or choose a request from the list: here you see each check and what it saw.</p>
        )}
        {way === null && sent !== null && (
          <p class="verdict skipped" data-verdict="not judged">
            <b>Not judged</b>
            <span>
              The API answered {sent.status} before the guard was asked: {sent.answer.slice(0, 200)}
            </span>
          </p>
        )}
        {way !== null && <Verdict way={way} status={sent?.status ?? null} wanted={wanted?.expects.code ?? null} />}
      </div>
      {way !== null && (
        <>
          <ol class="checks" aria-label="The order of judgement">
            {way.checks.map((check) => (
              <Check key={check.name} check={check} asks={asked.get(check.name) ?? check.name} />
            ))}
          </ol>
          {way.base.length > 0 && <Base lines={way.base} />}
          {way.claims !== null && (
            <details open>
              <summary>What the token says {way.tokenVerified ? '(verified)' : '(not verified: anybody could have written it)'}</summary>
              <pre tabindex={0}>{way.claims}</pre>
            </details>
          )}
        </>
      )}
      {sent !== null && setup?.api != null && (
        <Editor key={sent.from} request={sent.request} origin={setup.api} onSend={(request) => onSend(request, sent.from)} />
      )}
    </section>
  );
}

interface VerdictProps {
  readonly way: Way;
  readonly status: number | null;
  readonly wanted: string | null;
}

function Verdict({ way, status, wanted }: VerdictProps): JSX.Element {
  const { outcome, code, action } = way.decision;
  const title = outcome === 'accepted' ? 'Accepted' : outcome === 'rejected' ? 'Rejected' : 'Could not be judged';
  return (
    <div class={`verdict ${outcome}`} data-verdict={code}>
      <b>
        {title}
        {outcome !== 'accepted' && action === 'pass' && ', but passed: only observed'}
      </b>
      <span>
        {outcome !== 'accepted' && <code>{code}</code>} <Words text={way.meaning} />
      </span>
      {status !== null && (
        <small>
          The client sees: {status}
          {wanted !== null && wanted === code && ' (as expected)'}
          {outcome !== 'accepted' && (
            <>
              . For you: <Words text={way.remedy} />
            </>
          )}
        </small>
      )}
    </div>
  );
}

function Check({ check, asks }: { readonly check: ShownCheck; readonly asks: string }): JSX.Element {
  const { name, outcome, reason, detail, saw, decisive } = check;
  return (
    <li class={outcome} data-check={name} data-outcome={outcome} data-decisive={decisive}>
      <span class="mark" aria-hidden="true">
        {MARKS[outcome]}
      </span>
      <div>
        <p>
          {asks} <span class="spoken">{SPOKEN[outcome]}</span>
          <code class="name">{name}</code>
        </p>
        {reason !== null && (
          <p class="reason">
            <code>{reason}</code>
            {decisive ? ' is the verdict' : ' would be next'}
          </p>
        )}
        {saw !== null && outcome !== 'skipped' && <p class="saw">{saw}</p>}
        {detail !== null && <p class="saw">{detail}</p>}
      </div>
    </li>
  );
}

function Base({ lines }: { readonly lines: readonly ShownLine[] }): JSX.Element {
  return (
    <details open>
      <summary>What was signed, line by line</summary>
      <section class="scroll" aria-label="Signature base" tabindex={0}>
        <table class="base">
          <thead>
            <tr>
              <th scope="col">component</th>
              <th scope="col">as it arrived</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ identifier, server, client, cause }) => (
              <tr key={identifier} data-line={identifier} class={cause === null ? undefined : 'differs'}>
                <th scope="row">{identifier}</th>
                <td>
                  {server ?? '(no value)'}
                  {cause !== null && (
                    <span class="signed">
                      signed as <b>{client}</b>: {cause}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
