import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WireRequest } from '../../src/wire.ts';
import { curlOf } from '../curl.ts';

interface Props {
  readonly request: WireRequest;
  readonly origin: string;
  readonly onSend: (request: WireRequest) => void;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function linesOf(text: string): WireRequest['headers'] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
}

/** The request, to be edited and sent again, or taken to a command line. */
export function Editor({ request, origin, onSend }: Props): JSX.Element {
  const [method, setMethod] = useState(request.method);
  const [target, setTarget] = useState(request.target);
  const [headers, setHeaders] = useState(request.headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
  const [body, setBody] = useState(request.body ?? '');
  const [copied, setCopied] = useState('');
  const edited: WireRequest = { method, target, headers: linesOf(headers), body: body === '' ? null : body };
  const curl = curlOf(origin, edited);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(curl).then(
      () => setCopied('Copied.'),
      () => setCopied('The browser does not allow it: mark the line and copy it.'),
    );
  };
  return (
    <details class="editor" open>
      <summary>The request itself: edit anything and send it again</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSend(edited);
        }}
      >
        <label>
          Method
          <select value={method} onChange={({ currentTarget }) => setMethod(currentTarget.value)}>
            {METHODS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="wide">
          Path
          <input value={target} maxlength={4096} spellcheck={false} onInput={({ currentTarget }) => setTarget(currentTarget.value)} />
        </label>
        <label class="whole">
          Headers, one a line
          <textarea rows={5} value={headers} spellcheck={false} onInput={({ currentTarget }) => setHeaders(currentTarget.value)} />
        </label>
        <label class="whole">
          Body
          <textarea rows={1} value={body} spellcheck={false} onInput={({ currentTarget }) => setBody(currentTarget.value)} />
        </label>
        <p class="actions">
          <button type="submit" class="strong">
            Send it
          </button>
          <button type="button" onClick={copy}>
            Copy as curl
          </button>
          <span role="status">{copied}</span>
        </p>
      </form>
      <section aria-label="The request as a curl command">
        <pre class="curl" tabindex={0}>
          {curl}
        </pre>
      </section>
    </details>
  );
}
