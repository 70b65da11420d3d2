import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const THEMES = ['system', 'light', 'dark'] as const;

export function Top({ isLive }: { readonly isLive: boolean }): JSX.Element {
  const [theme, setTheme] = useState<(typeof THEMES)[number]>('system');
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  return (
    <header class="top">
      <h1>
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <path class="shield" d="M16 2 4 6.5v9C4 23 9 28 16 30c7-2 12-7 12-14.5v-9z" />
          <path class="tick" d="m10.5 16 4 4 7.5-8" />
        </svg>
        approov-guard <span>console</span>
      </h1>
      <p class={isLive ? 'live' : 'live off'} role="status">
        <i aria-hidden="true" />
        {isLive ? 'live' : 'not connected, trying again'}
      </p>
      <button type="button" class="quiet" onClick={() => setTheme(next)}>
        Colours: {theme}
      </button>
    </header>
  );
}
