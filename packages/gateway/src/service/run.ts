/** Runs a gateway until a signal ends it: what the command does. */
import cluster from 'node:cluster';
import { type PolicyDocument, policyFrom, ReplayStores } from 'approov-guard/policy-file';
import { policyInForce } from '../proxy/policy-in-force.ts';
import type { GatewaySettings } from '../settings.ts';
import { type Gateway, loadGatewayPolicy, startGateway } from './gateway.ts';
import { checkedRollout } from './rollout.ts';
import { serveAsWorker, Workers } from './workers.ts';

/** What the command works with. */
export interface RunSurroundings {
  readonly env: { readonly [name: string]: string | undefined };
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Starts a gateway, says where it is and what to do next, and runs it: SIGTERM and SIGINT drain it, a second one ends it at once, SIGHUP
 * reads the policy again. With `workers` above 1 it starts processes that share the listeners, by the command line of this one.
 *
 * @param policy - a policy file, or what would be in one
 * @param surroundings - environment and streams
 * @throws ConfigurationError for any mistake in the policy
 */
export async function runGateway(policy: string | PolicyDocument, surroundings: RunSurroundings): Promise<void> {
  const { env, stdout, stderr } = surroundings;
  const note = (text: string): void => void stderr.write(`note: ${text}\n`);
  const start = (admin: boolean): Promise<Gateway> => startGateway({ policy, env, output: stdout, onNote: note, admin });
  if (cluster.isWorker) return serveAsWorker(() => start(false));
  const { settings, close } = settingsOf(policy, env);
  close();
  if (settings.workers === 1) {
    const gateway = await start(true);
    stderr.write(greeting(gateway, settings));
    return untilSignal({ drain: () => gateway.drain(), reload: () => void gateway.reload(), note });
  }
  const workers = new Workers(note);
  stderr.write(greeting(await workers.start(settings.workers, settings.admin), settings));
  // Throws the switch, where the policy says so; workers that are not told to listen for it ignore it.
  process.on('SIGUSR2', () => workers.signal('SIGUSR2'));
  return untilSignal({ drain: () => workers.drain(), reload: () => void workers.reload(), note });
}

/** The settings, before anything is started. */
function settingsOf(
  policy: string | PolicyDocument,
  env: RunSurroundings['env'],
): { readonly settings: GatewaySettings; readonly close: () => void } {
  const stores = ReplayStores.unasked();
  const given = { env, stores, rollout: checkedRollout(env), guard: { environment: 'production' } } as const;
  const loaded = typeof policy === 'string' ? loadGatewayPolicy(policy, given) : policyFrom(policy, given);
  return { settings: policyInForce(loaded, stores).settings, close: () => loaded.guard.close() };
}

interface Running {
  readonly drain: () => Promise<void>;
  readonly reload: () => void;
  readonly note: (text: string) => void;
}

/** Runs until a signal ends it. */
export function untilSignal({ drain, reload, note }: Running): Promise<void> {
  return new Promise((resolve) => {
    let ending = false;
    const end = (): void => {
      if (ending) process.exit(1);
      ending = true;
      note('draining: requests come to their end, new connections are refused');
      void drain().then(resolve);
    };
    process.on('SIGTERM', end).on('SIGINT', end);
    process.on('SIGHUP', reload);
  });
}

function greeting({ urls, adminUrl }: Pick<Gateway, 'urls' | 'adminUrl'>, { upstreams, workers }: GatewaySettings): string {
  const to = upstreams.map((upstream) => upstream.to.join(', ')).join('; ');
  const [url] = urls;
  return `approov-guard gateway: ${urls.join(', ')} -> ${to}${workers > 1 ? ` (${workers} workers)` : ''}
${adminUrl === null ? '' : `admin: ${adminUrl}/ready /metrics /policy\n`}
Try it:
  curl -i ${url}/                                       # 401: no token
  curl -i ${url}/ -H "Approov-Token: $(approov-guard token -genExample api.example.com)"

`;
}
