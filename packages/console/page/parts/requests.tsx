import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ShownDecision } from '../../src/wire.ts';
import type { Traffic } from '../feed.ts';

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const ROWS = 40;

interface Props {
  readonly traffic: Traffic;
  readonly opened: string | null;
  readonly onOpen: (id: string) => void;
}

export function Requests({ traffic, opened, onOpen }: Props): JSX.Element {
  const [held, setHeld] = useState<readonly ShownDecision[] | null>(null);
  const [isRefusedOnly, setRefusedOnly] = useState(false);
  const all = held ?? traffic.decisions;
  const rows = (isRefusedOnly ? all.filter(({ outcome }) => outcome !== 'accepted' && outcome !== 'skipped') : all).slice(0, ROWS);
  return (
    <section class="card" aria-labelledby="requests">
      <div class="heading">
        <h2 id="requests">Requests as they come</h2>
        <label class="check">
          <input type="checkbox" checked={isRefusedOnly} onChange={({ currentTarget }) => setRefusedOnly(currentTarget.checked)} /> only
          what failed
        </label>
        <button type="button" aria-pressed={held !== null} onClick={() => setHeld(held === null ? traffic.decisions : null)}>
          {held === null ? 'Hold' : 'Go on'}
        </button>
      </div>
      {rows.length === 0 ? (
        <p class="empty">No requests yet. They appear here as they come, from this page or from anywhere else.</p>
      ) : (
        <section class="scroll rows" aria-label="The latest requests" tabindex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">time</th>
                <th scope="col">verdict</th>
                <th scope="col">request</th>
                <th scope="col">from</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.id} row={row} isOpen={row.id === opened} onOpen={onOpen} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Row({
  row,
  isOpen,
  onOpen,
}: {
  readonly row: ShownDecision;
  readonly isOpen: boolean;
  readonly onOpen: Props['onOpen'];
}): JSX.Element {
  const { id, at, outcome, code, method, path, sender } = row;
  return (
    <tr class={isOpen ? 'open' : undefined} data-id={id} data-code={code}>
      <td>{TIME.format(at)}</td>
      <td>
        <button type="button" class={`link ${outcome}`} onClick={() => onOpen(id)} aria-label={`${code}: show its way`}>
          {code}
        </button>
      </td>
      <td class="path">
        {method} {path}
      </td>
      <td>{sender}</td>
    </tr>
  );
}
