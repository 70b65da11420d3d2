import type { JSX } from 'preact';

/** What app attestation is, for somebody who never heard of it. */
export function Introduction({ api }: { readonly api: string | null }): JSX.Element {
  return (
    <section class="introduction" aria-labelledby="introduction">
      <div>
        <h2 id="introduction">Is this request from your real app?</h2>
        <p>
          Anybody can read an API key out of a mobile app and call your API with a script. <strong>App attestation</strong> closes that
          door: a cloud checks the app on the phone, and hands it a token that lives for minutes. Your back end only has to check the token.
          {api !== null && (
            <>
              {' '}
              The API at <a href={api}>{api}</a> does: press a button below, and watch it decide.
            </>
          )}
        </p>
      </div>
      <ol class="steps">
        <li>
          <b>The app proves itself</b>
          <span>A cloud looks at the running app: is it unchanged, on an honest phone?</span>
        </li>
        <li>
          <b>It gets a token</b>
          <span>Signed, short-lived, bound to its user. A tampered app gets one with a wrong signature.</span>
        </li>
        <li>
          <b>The guard judges</b>
          <span>Check after check, in one order. The first failure is the verdict.</span>
        </li>
      </ol>
    </section>
  );
}
