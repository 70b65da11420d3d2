/** Where a service has its policy from: a file that is followed, or a literal; and the replay memory that it names. */
import type { GuardOptions } from 'approov-guard';
import { type Policy, type PolicyDocument, policyFrom, watchPolicyFile } from 'approov-guard/policy-file';
import { parseYamlText } from '../policy/yaml-text.ts';
import type { Metrics } from './metrics.ts';
import { ConnectedStores, RedisConnections } from './redis.ts';
import { ServiceRollout } from './rollout.ts';

/** Where the policy comes from. */
export interface PolicySourceOptions {
  /** A policy file, or what would be in one. */
  readonly policy: string | PolicyDocument;
  /** Where secrets are looked up. Default `process.env`. */
  readonly env?: { readonly [name: string]: string | undefined };
  /** Told of what an operator should know: a bad policy file, a certificate that cannot be used. Default: nobody. */
  readonly onNote?: (note: string) => void;
  /** What no file can hold: the guard's clock and hook. */
  readonly guard?: Pick<GuardOptions, 'now' | 'onVerdict'>;
  /** How often files are looked at, beside being watched, 0.05 to 3600 s. Default 5. */
  readonly pollSeconds?: number;
}

/** The policy in force, and its changes. */
export class PolicySource {
  readonly note: (note: string) => void;
  readonly stores: ConnectedStores;
  readonly rollout: ServiceRollout;
  readonly #redis: RedisConnections = new RedisConnections();
  readonly #source: { readonly policy: Policy; reload(): boolean; close(): void };

  /**
   * @param options - see {@link PolicySourceOptions}
   * @param metrics - where changes are counted
   * @param adopt - brings a changed policy into force, and answers what else there is to say. What it throws leaves the old one there.
   */
  constructor(options: PolicySourceOptions, metrics: Metrics, adopt: (policy: Policy) => string) {
    const note = options.onNote ?? (() => undefined);
    this.note = note;
    this.stores = new ConnectedStores(this.#redis, options.guard?.now);
    this.rollout = new ServiceRollout(options, metrics);
    const settings = {
      ...(options.env === undefined ? {} : { env: options.env }),
      parse: parseYamlText,
      stores: this.stores,
      rollout: this.rollout.read,
      guard: { environment: 'production' as const, ...options.guard },
      onKeyEvent: (event: { readonly type: string; readonly source: string }) =>
        event.type.endsWith('failed') && note(`keys: ${event.type} (${event.source})`),
    };
    if (typeof options.policy !== 'string') {
      const policy = policyFrom(options.policy, settings);
      this.#source = { policy, reload: () => true, close: () => policy.guard.close() };
      this.rollout.adopt(policy);
      return;
    }
    this.#source = watchPolicyFile(options.policy, {
      ...settings,
      ...(options.pollSeconds === undefined ? {} : { pollSeconds: options.pollSeconds }),
      onPolicy: (policy) => {
        const more = adopt(policy);
        this.rollout.adopt(policy);
        metrics.add('approov_gateway_policy_reloads_total{result="adopted"}');
        note(`the policy was read again${more}`);
      },
      onProblem: (error) => {
        metrics.add('approov_gateway_policy_reloads_total{result="refused"}');
        note(`the policy stays as it was: ${error.message}`);
      },
    });
    this.rollout.adopt(this.#source.policy);
  }

  get policy(): Policy {
    return this.#source.policy;
  }

  reload(): boolean {
    return this.#source.reload();
  }

  /** Waits for the store of replays, shortly; keys are fetched in the background. What is not there is noted. */
  async started(): Promise<void> {
    void this.policy.guard.warmUp().catch(() => this.note('keys: not available yet; requests are answered 503 until they are'));
    await this.#redis.started();
    if (!this.#isConnected) this.note('replay: the store does not answer yet; requests that need it are answered 503 until it does');
  }

  /** What is ready, and what is not. */
  async checks(): Promise<{ readonly keys: string; readonly replay: string }> {
    const keys = await this.policy.guard.warmUp().then(
      () => 'ok',
      () => 'not available',
    );
    return { keys, replay: this.#isConnected ? 'ok' : 'not connected' };
  }

  get #isConnected(): boolean {
    return this.stores.areConnected(this.policy.options);
  }

  close(): void {
    this.#source.close();
    this.rollout.close();
    this.#redis.close();
  }
}
