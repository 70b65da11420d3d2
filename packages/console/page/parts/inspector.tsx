import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

const LONGEST = 16_384;
const SHOWN = 4000;

/** A segment of a token as text; `null` where it is not base64url of UTF-8. */
function decoded(segment: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(segment.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function pretty(text: string | null): string {
  if (text === null) return 'cannot be decoded';
  try {
    return JSON.stringify(JSON.parse(text), null, 2).slice(0, SHOWN);
  } catch {
    return `not JSON: ${text.slice(0, SHOWN)}`;
  }
}

/** What can be said of the times without any key. */
function lifeOf(text: string | null): string {
  try {
    const { exp } = JSON.parse(text ?? '');
    if (typeof exp !== 'number') return 'It names no time at which it expires: the guard refuses it.';
    const left = Math.round(exp - Date.now() / 1000);
    return left > 0 ? `It expires in ${left} seconds.` : `It expired ${-left} seconds ago.`;
  } catch {
    return 'Its content cannot be read.';
  }
}

/** Decodes a token in the page. */
export function Inspector(): JSX.Element {
  const [token, setToken] = useState('');
  const [header = '', content = '', signature] = token.trim().split('.');
  const isToken = token.trim() !== '' && signature !== undefined;
  const claims = isToken ? decoded(content) : null;
  return (
    <section class="card" aria-labelledby="inspector">
      <h2 id="inspector">Look into a token</h2>
      <label class="whole">
        Paste a token: it is decoded here and never leaves this page
        <textarea
          rows={3}
          maxlength={LONGEST}
          spellcheck={false}
          autocomplete="off"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </label>
      <div aria-live="polite" class="inspected">
        {token.trim() !== '' && !isToken && <p class="problem">This is not a token: it needs three parts with dots between them.</p>}
        {isToken && (
          <>
            <p>{lifeOf(claims)} Decoding proves nothing: whether the signature holds, only a key can tell.</p>
            <h3>Header</h3>
            <pre tabindex={0}>{pretty(decoded(header))}</pre>
            <h3>Claims</h3>
            <pre tabindex={0}>{pretty(claims)}</pre>
          </>
        )}
      </div>
    </section>
  );
}
