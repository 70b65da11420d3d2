/** The gateway as a whole: policy, listeners, upstreams, and their end. */
import type { IncomingMessage } from 'node:http';
import type { OrderAnswer } from '@approov-guard/rollout';
import { loadPolicyFile, type Policy, type PolicySettings } from 'approov-guard/policy-file';
import { parseYamlText } from '../policy/yaml-text.ts';
import { type PolicyInForce, policyInForce } from '../proxy/policy-in-force.ts';
import { type Outcome, type ProxyHost, serve } from '../proxy/proxy.ts';
import { Tunnels, upgradeListener } from '../proxy/tunnel.ts';
import { Upstreams } from '../proxy/upstream/upstreams.ts';
import { AccessLog, type LineSink } from './access-log.ts';
import { AdminListener, type Order, pagesOf, type Readiness } from './admin.ts';
import { type Counts, label, Metrics } from './metrics.ts';
import { PolicySource, type PolicySourceOptions } from './policy-source.ts';
import { checkedRollout, instanceOf } from './rollout.ts';
import { Listener } from './servers.ts';

/** Where the policy comes from, and what the gateway works with. */
export interface GatewayOptions extends PolicySourceOptions {
  /** Where the access log goes if it goes to no file. Default standard output. */
  readonly output?: LineSink;
  /** Whether the admin listener of the policy is started. Default `true`; `false` where another process answers for this one. */
  readonly admin?: boolean;
}

/** A gateway that runs. */
export interface Gateway {
  /** Where it listens, such as `http://127.0.0.1:8002`. */
  readonly urls: readonly string[];
  /** Where the admin listener listens, or `null`. */
  readonly adminUrl: string | null;
  /** The policy in force. */
  readonly policy: Policy;
  /** Reads the policy file again. Answers whether its content is in force. */
  reload(): boolean;
  /** What was counted. */
  counts(): Counts;
  /** The policy in force, secrets as fingerprints, and what its roll-out is doing. */
  shown(): object;
  /** Obeys an order to the roll-out, if its sender may give it. */
  order(order: Order): OrderAnswer;
  /** Whether requests can be served. */
  ready(): Promise<Readiness>;
  /**
   * Ends without losing a request: takes no new connections, lets requests come to their end (at most `timeouts.drainSeconds`), then ends
   * upgraded connections and closes everything.
   */
  drain(): Promise<void>;
}

/**
 * Starts a reverse proxy that judges each request before an upstream sees anything of it.
 *
 * Everything that the section `gateway` of the policy may say is in docs/gateway.md. Published test secrets are refused unless the policy
 * says `environment: development`. It does **not** check users, authorise, cache or rewrite.
 *
 * @param options - see {@link GatewayOptions}
 * @throws ConfigurationError or PolicyFileError for any mistake, and where an address cannot be listened on
 *
 * @example
 * ```ts
 * import { startGateway } from '@approov-guard/gateway';
 * const keys = { secret: { base64: { env: 'APPROOV_BASE64_SECRET' } } };
 * const gateway = await startGateway({ policy: { keys, gateway: { to: 'http://127.0.0.1:5000', listen: '127.0.0.1:0', admin: null } } });
 * console.log((await fetch(`${gateway.urls[0]}/`)).status); // 401
 * await gateway.drain();
 * ```
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(options);
  try {
    await gateway.listen();
  } catch (error) {
    await gateway.drain();
    throw error;
  }
  return gateway;
}

/** Loads a policy as the gateway does, JSON or YAML, in production unless the file says otherwise. Starts nothing. */
export function loadGatewayPolicy(file: string, settings: PolicySettings = {}): Policy {
  return loadPolicyFile(file, {
    parse: parseYamlText,
    rollout: checkedRollout(settings.env),
    ...settings,
    guard: { environment: 'production', ...settings.guard },
  });
}

class RunningGateway implements Gateway, ProxyHost {
  readonly #metrics: Metrics = new Metrics();
  readonly #tunnels: Tunnels = new Tunnels();
  readonly #log: AccessLog;
  readonly #source: PolicySource;
  readonly #listeners: readonly Listener[];
  readonly #admin: AdminListener | null;
  #inFlight = 0;
  #drained: Promise<void> | null = null;
  current: PolicyInForce;
  upstreams: Upstreams;
  urls: readonly string[] = [];
  adminUrl: string | null = null;
  draining = false;

  constructor(options: GatewayOptions) {
    this.#source = new PolicySource(options, this.#metrics, (policy) => this.#adopt(policy));
    this.current = policyInForce(this.#source.policy, this.#source.stores);
    const { limits, timeouts, listen, admin, log, upstreams } = this.current.settings;
    this.upstreams = new Upstreams(upstreams, timeouts);
    this.#log = new AccessLog(log.format, log.file, options.output ?? process.stdout, instanceOf(this.policy.document));
    this.#source.rollout.log = this.#log;
    const onUpgrade = upgradeListener(this, this.#tunnels);
    this.#listeners = listen.map((address) => {
      const handlers = {
        request: (request: IncomingMessage, response: Parameters<typeof serve>[2], expects: boolean) =>
          this.#serve(request, response, expects),
        upgrade: onUpgrade,
        malformed: () => this.#metrics.add('approov_gateway_malformed_total'),
        refusedConnection: () => this.#metrics.add('approov_gateway_connections_refused_total'),
        certificateProblem: (error: Error) => this.#source.note(`the certificate stays as it was: ${error.message}`),
        isTrustedPeer: (peer: string | null) => this.current.isTrustedPeer(peer),
      };
      return new Listener(address, handlers, limits, timeouts);
    });
    this.#admin = admin === null || options.admin === false ? null : new AdminListener(pagesOf(this));
  }

  get policy(): Policy {
    return this.#source.policy;
  }

  async listen(): Promise<void> {
    const { listen, admin } = this.current.settings;
    await this.#source.started();
    if (this.#admin !== null && admin !== null) this.adminUrl = await this.#admin.listen(admin);
    // The cast holds: there is a listener for each address.
    this.urls = await Promise.all(listen.map((address, index) => (this.#listeners[index] as Listener).listen(address)));
  }

  reload(): boolean {
    return this.#source.reload();
  }

  counts(): Counts {
    const well = this.upstreams.all.map(({ settings, targets }): [string, number] => [
      `approov_gateway_upstream_well{upstream="${label(settings.name)}"}`,
      targets.filter((target) => target.well).length,
    ]);
    return this.#metrics.snapshot({
      approov_gateway_requests_in_flight: this.#inFlight,
      approov_gateway_connections: this.#listeners.reduce((sum, listener) => sum + listener.connections, 0),
      approov_gateway_tunnels: this.#tunnels.size,
      approov_gateway_log_lines_dropped_total: this.#log.dropped,
      ...Object.fromEntries(well),
      ...this.#source.rollout.counts(this.policy),
    });
  }

  shown(): object {
    return this.#source.rollout.shown(this.policy);
  }

  order(order: Order): OrderAnswer {
    return this.#source.rollout.order(order);
  }

  drain(): Promise<void> {
    this.#drained ??= this.#end();
    return this.#drained;
  }

  readonly onOutcome = (request: IncomingMessage, outcome: Outcome): void => {
    this.#metrics.outcome(outcome);
    this.#log.write(request, outcome, request.socket.remoteAddress ?? null);
  };

  #serve(request: IncomingMessage, response: Parameters<typeof serve>[2], expects: boolean): void {
    this.#inFlight++;
    // Not before the last byte is handed on: what ends then may end.
    response.on('close', this.#onServed);
    serve(this, request, response, expects);
  }

  readonly #onServed = (): void => {
    this.#inFlight--;
  };

  /** A change comes into force with the next request. */
  #adopt(policy: Policy): string {
    const next = policyInForce(policy, this.#source.stores);
    const before = this.current.settings;
    const { upstreams, timeouts } = next.settings;
    const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
    if (!same([before.upstreams, before.timeouts], [upstreams, timeouts])) {
      const old = this.upstreams;
      this.upstreams = new Upstreams(upstreams, timeouts);
      void old.close();
    }
    this.current = next;
    const fixed = ['listen', 'admin', 'log', 'workers'] as const;
    const waiting = fixed.filter((name) => !same(before[name], next.settings[name]));
    return waiting.length === 0 ? '' : `; for ${waiting.join(', ')} restart the gateway`;
  }

  async ready(): Promise<Readiness> {
    const down = this.upstreams.all.filter(({ targets }) => !targets.some((target) => target.well)).map(({ settings }) => settings.name);
    const checks = {
      gateway: this.draining ? 'draining' : 'ok',
      ...(await this.#source.checks()),
      upstreams: down.length === 0 ? 'ok' : `no server of ${down.join(', ')} is well`,
    };
    return { ready: Object.values(checks).every((text) => text === 'ok'), checks };
  }

  async #end(): Promise<void> {
    this.draining = true;
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
    const deadline = performance.now() + this.current.settings.timeouts.drainMs;
    const left = (): number => this.#listeners.reduce((sum, listener) => sum + listener.connections, 0);
    while ((this.#inFlight > 0 || left() > 0) && performance.now() < deadline) {
      if (this.#inFlight === 0) {
        this.#tunnels.end();
        for (const listener of this.#listeners) listener.end(false);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#tunnels.end();
    for (const listener of this.#listeners) listener.end(true);
    this.#admin?.close();
    this.#source.close();
    this.upstreams.destroy();
    await this.#log.close();
  }
}
