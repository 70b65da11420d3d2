import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Sent, Setup } from '../src/wire.ts';
import { loadSetup, loadWay, press, sendEdited } from './api.ts';
import { useTraffic } from './feed.ts';
import { Builder } from './parts/builder.tsx';
import { DeskPanel } from './parts/desk.tsx';
import { Inspector } from './parts/inspector.tsx';
import { Introduction } from './parts/introduction.tsx';
import { Overview } from './parts/overview.tsx';
import { Readiness } from './parts/readiness.tsx';
import { Requests } from './parts/requests.tsx';
import { Top } from './parts/top.tsx';
import { type Looked, WayPanel } from './parts/way.tsx';

const NOTHING: Looked = { way: null, sent: null, scenario: null, problem: null };

export function App(): JSX.Element {
  const traffic = useTraffic();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [looked, setLooked] = useState(NOTHING);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    loadSetup().then(setSetup, () => undefined);
  }, [traffic.isLive]);

  const look = useCallback(async (scenario: string | null, ask: () => Promise<Partial<Looked>>) => {
    setBusy(true);
    try {
      const found = await ask();
      setLooked({ ...NOTHING, scenario, ...found });
    } catch (error) {
      setLooked({ ...NOTHING, scenario, problem: error instanceof Error ? error.message : 'It failed.' });
    } finally {
      setBusy(false);
    }
  }, []);
  const sent = async (request: Promise<Sent>): Promise<Partial<Looked>> => {
    const answer = await request;
    return { sent: answer, way: answer.way };
  };

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top isLive={traffic.isLive} />
      <main id="main" tabindex={-1}>
        <Introduction api={setup?.api ?? null} />
        <div class="columns">
          <Builder setup={setup} pressed={looked.scenario} isBusy={isBusy} onPress={(id) => look(id, () => sent(press(id)))} />
          <WayPanel
            looked={looked}
            setup={setup}
            onSend={(request, from) => look(looked.scenario, () => sent(sendEdited(request, from)))}
          />
          <div class="column">
            <Overview traffic={traffic} setup={setup} />
            <Requests
              traffic={traffic}
              opened={looked.way?.decision.id ?? null}
              onOpen={(id) => look(null, async () => ({ way: await loadWay(id) }))}
            />
            <Readiness />
            {setup?.hasCloud === true && <DeskPanel />}
            <Inspector />
          </div>
        </div>
      </main>
      <footer>
        <p>
          Development only: this page listens on your machine alone and shows no secret. The client never learns a reason: whatever fails,
          it sees a status and <code>{'{}'}</code>.
        </p>
      </footer>
    </>
  );
}
