/** Frameworks that have to build their apps: one built server hosts every setup, behind a relay for each. */
import { end } from '../../../packages/guard/test/runtimes/ends-with-us.ts';
import { type BuildPlan, buildApp, type RunningApp, startApp } from '../../app/built-app.ts';
import { SETUP_HEADER, setupToHeader, VERDICTS_PATH } from '../../app/hosted-setup.ts';
import { startRelay } from '../../app/relay.ts';
import type { AdapterUnderTest, Setup, Started, Traits } from '../adapter.ts';

/** The server of an app. It is built once, and ends with its last setup. */
class HostingServer {
  readonly #plan: BuildPlan;
  #built: Promise<string> | null = null;
  #running: Promise<RunningApp> | null = null;
  #setups = 0;

  constructor(plan: BuildPlan) {
    this.#plan = plan;
  }

  async start(setup: Setup): Promise<Started> {
    this.#setups += 1;
    this.#built ??= buildApp(this.#plan);
    this.#running ??= this.#built.then((folder) => startApp(this.#plan, folder));
    const { port, child } = await this.#running;
    const named = setupToHeader(setup);
    const relay = await startRelay(port, named);
    return {
      origin: relay.origin,
      verdicts: async () => (await fetch(`http://127.0.0.1:${port}${VERDICTS_PATH}`, { headers: { [SETUP_HEADER]: named } })).json(),
      close: async () => {
        await relay.close();
        this.#setups -= 1;
        if (this.#setups > 0) return;
        this.#running = null;
        await end(child);
      },
    };
  }
}

/** The adapter of an app that is built as planned. */
export function hostedAdapter(name: string, traits: Traits, plan: BuildPlan): AdapterUnderTest {
  const server = new HostingServer(plan);
  return { name, traits, start: (setup) => server.start(setup) };
}
