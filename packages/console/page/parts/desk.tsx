import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ShownDesk } from '../../src/wire.ts';
import { loadDesk, setDesk } from '../api.ts';

const EACH_MS = 1000;

const KEY_SETS = [
  ['whole', 'whole'],
  ['truncated', 'cut off in the middle'],
  ['stale', 'without the newest key'],
] as const;

/** The cloud's failures and the fleet: what happens to the API when the world around it is not as it should be. */
export function DeskPanel(): JSX.Element {
  const [desk, setShown] = useState<ShownDesk | null>(null);
  const [said, setSaid] = useState('');
  const change = async (asked: object, done: string): Promise<void> => {
    try {
      setShown(await setDesk(asked));
      setSaid(done);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : 'It failed.');
    }
  };
  useEffect(() => {
    const load = (): void => void loadDesk().then(setShown, () => undefined);
    load();
    const timer = setInterval(load, EACH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="card desk" aria-labelledby="desk">
      <h2 id="desk">The cloud and its phones</h2>
      {desk === null ? (
        <p class="empty">The cloud does not answer yet.</p>
      ) : (
        <>
          <FleetPart fleet={desk.fleet} onChange={change} />
          <FaultsPart faults={desk.faults} onChange={change} />
        </>
      )}
      <p role="status" class="about">
        {said}
      </p>
    </section>
  );
}

type Change = (asked: object, done: string) => void;

function FleetPart({ fleet, onChange }: { readonly fleet: ShownDesk['fleet']; readonly onChange: Change }): JSX.Element {
  const { isRunning, rate, mostRate, size, devices } = fleet;
  const weigh = (name: string, weight: number): void => {
    const mix = Object.fromEntries(devices.map((row) => [row.name, row.name === name ? weight : row.weight]));
    onChange({ fleet: { mix } }, '');
  };
  return (
    <>
      <h3>{size} phones, and what is among them</h3>
      <p class="about">Each fetches its token from the local cloud and calls the API. Move a slider to have more of a kind.</p>
      <p class="actions">
        <button
          type="button"
          class={isRunning ? '' : 'strong'}
          data-fleet={isRunning ? 'stop' : 'start'}
          onClick={() => onChange({ fleet: { isRunning: !isRunning } }, isRunning ? 'The phones are quiet.' : 'The phones call the API.')}
        >
          {isRunning ? 'Stop the phones' : 'Let them call'}
        </button>
        <label class="slider">
          {rate} calls a second
          <input
            type="range"
            min={1}
            max={mostRate}
            value={rate}
            onChange={({ currentTarget }) => onChange({ fleet: { rate: Number(currentTarget.value) } }, '')}
          />
        </label>
      </p>
      <ul class="devices">
        {devices.map(({ name, about, weight, calls, passed }) => (
          <li key={name} data-device={name}>
            <label>
              <b>{name}</b> <small>{about}</small>
              <input
                type="range"
                min={0}
                max={100}
                value={weight}
                onChange={({ currentTarget }) => weigh(name, Number(currentTarget.value))}
              />
            </label>
            <span>{calls === 0 ? 'no calls' : `${passed} of ${calls} passed`}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

interface FaultSwitch {
  readonly name: string;
  readonly title: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Fault({ name, title, isOn, onChange }: FaultSwitch): JSX.Element {
  return (
    <li>
      <label class="check">
        <input type="checkbox" data-fault={name} checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} /> {title}
      </label>
    </li>
  );
}

function FaultsPart({ faults, onChange }: { readonly faults: ShownDesk['faults']; readonly onChange: Change }): JSX.Element {
  const set = (change: Partial<ShownDesk['faults']>, done: string): void => onChange({ faults: change }, done);
  return (
    <>
      <h3>Break the cloud</h3>
      <ul class="faults">
        <Fault
          name="outage"
          title="Outage: no new tokens, no key set"
          isOn={faults.outage}
          onChange={(outage) => set({ outage }, outage ? 'Phones get no new tokens.' : 'The cloud is back.')}
        />
        <Fault
          name="failover"
          title="Fail-over: simpler tokens, not bound, no key for signatures"
          isOn={faults.failover}
          onChange={(failover) => set({ failover }, failover ? 'New tokens carry neither pay nor ipk.' : 'New tokens are whole again.')}
        />
        <li>
          <label>
            The issuer’s clock: {faults.clockOffsetSeconds === 0 ? 'right' : `${faults.clockOffsetSeconds} s`}
            <input
              type="range"
              min={-900}
              max={900}
              step={60}
              value={faults.clockOffsetSeconds}
              onChange={({ currentTarget }) => set({ clockOffsetSeconds: Number(currentTarget.value) }, 'New tokens carry other times.')}
            />
          </label>
        </li>
        <li>
          <label>
            The key set is served
            <select
              value={faults.keySet}
              onChange={({ currentTarget }) =>
                set({ keySet: currentTarget.value as ShownDesk['faults']['keySet'] }, 'The key set is served so.')
              }
            >
              {KEY_SETS.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </li>
        <li>
          <button type="button" data-fault="rotate" onClick={() => onChange({ rotate: true }, 'New tokens are signed with a new key.')}>
            Rotate the signing key now
          </button>
        </li>
      </ul>
    </>
  );
}
