import type { JSX } from 'preact';
import type { Setup, ShownScenario } from '../../src/wire.ts';

const GROUPS: readonly { readonly group: ShownScenario['group']; readonly title: string; readonly about: string }[] = [
  { group: 'genuine', title: 'Genuine', about: 'These reach the API.' },
  { group: 'token', title: 'The token is wrong', about: 'Who is calling? A script, a changed app, a forger.' },
  { group: 'binding', title: 'The token is somebody else’s', about: 'Tokens can be bound to a user’s sign-in.' },
  { group: 'signature', title: 'The request was changed', about: 'Phones can sign each request.' },
];

interface Props {
  readonly setup: Setup | null;
  readonly pressed: string | null;
  readonly isBusy: boolean;
  readonly onPress: (id: string) => void;
}

export function Builder({ setup, pressed, isBusy, onPress }: Props): JSX.Element {
  return (
    <section class="card builder" aria-labelledby="builder" aria-busy={isBusy}>
      <h2 id="builder">1. Send a request</h2>
      {setup !== null && setup.api === null && (
        <p class="empty">This console has no API to send to. Requests that come from elsewhere are shown all the same.</p>
      )}
      {GROUPS.map(({ group, title, about }) => (
        <Group
          key={group}
          title={title}
          about={about}
          rows={setup?.scenarios.filter((row) => row.group === group) ?? []}
          {...{ pressed, onPress }}
        />
      ))}
    </section>
  );
}

interface GroupProps extends Pick<Props, 'pressed' | 'onPress'> {
  readonly title: string;
  readonly about: string;
  readonly rows: readonly ShownScenario[];
}

function Group({ title, about, rows, pressed, onPress }: GroupProps): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <p class="about">{about}</p>
      <ul class="buttons">
        {rows.map(({ id, title: name, story, expects }) => (
          <li key={id}>
            <button
              type="button"
              data-scenario={id}
              class={expects.status === 200 ? 'good' : 'bad'}
              aria-pressed={pressed === id}
              aria-describedby={`story-${id}`}
              onClick={() => onPress(id)}
            >
              {name}
            </button>
            <p id={`story-${id}`} hidden={pressed !== id}>
              {story}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
