/** Runs families of cases against one adapter. */
import type { AdapterUnderTest, Setup, Started } from '../adapters/adapter.ts';
import type { Case, Family } from '../table/case.ts';
import { check, type Subject } from './check.ts';
import { CannotSay } from './wire-http2.ts';

/** How a family went. */
export interface Tally {
  readonly family: string;
  readonly passed: number;
  readonly total: number;
  /** One text for each case that failed. */
  readonly failures: readonly string[];
}

/** One row of the matrix: an adapter on a crypto port. Starts each setup once. */
export class Row {
  readonly name: string;
  readonly #adapter: AdapterUnderTest;
  readonly #crypto: Setup['crypto'];
  readonly #started: Map<string, Started> = new Map();

  constructor(adapter: AdapterUnderTest, crypto: Setup['crypto']) {
    this.#adapter = adapter;
    this.#crypto = crypto;
    this.name = crypto === 'platform' ? adapter.name : `${adapter.name}, ${crypto} crypto`;
  }

  /** Those cases of a family whose setup the adapter supports. */
  casesOf({ cases }: Family): readonly Case[] {
    const { supports } = this.#adapter.traits;
    return supports === undefined ? cases : cases.filter(({ setup }) => supports(setup));
  }

  /** Runs the cases of a family, one after the other. */
  async run(family: Family): Promise<Tally> {
    const { name } = family;
    const cases = this.casesOf(family);
    const failures: string[] = [];
    let unsaid = 0;
    for (const one of cases) {
      try {
        await this.#runCase(one);
      } catch (error) {
        if (error instanceof CannotSay) unsaid++;
        else failures.push(`${name} / ${one.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
    return { family: name, passed: cases.length - unsaid - failures.length, total: cases.length - unsaid, failures };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#started.values()].map((started) => started.close()));
    this.#started.clear();
  }

  async #runCase(one: Case): Promise<void> {
    const started = await this.#start(one.setup);
    const subject: Subject = { setup: one.setup, started, traits: this.#adapter.traits };
    await started.verdicts();
    if ('request' in one) await check(subject, one.request, one.expected);
    else await one.run({ started, traits: subject.traits, expect: (request, expected) => check(subject, request, expected) });
  }

  async #start(setup: Setup): Promise<Started> {
    const known = this.#started.get(setup.name);
    if (known !== undefined) return known;
    const started = await this.#adapter.start({ ...setup, crypto: this.#crypto });
    this.#started.set(setup.name, started);
    return started;
  }
}

/** One row for each adapter and each crypto port on which it is tested. */
export function rowsOf(adapters: readonly AdapterUnderTest[]): readonly Row[] {
  return adapters.flatMap((adapter, index) => portsOf(adapter, index).map((crypto) => new Row(adapter, crypto)));
}

/** The second crypto port of every adapter is asked for by `REQUIRE_ALL=1`; otherwise that of the first adapter stands for all. */
function portsOf({ traits }: AdapterUnderTest, index: number): AdapterUnderTest['traits']['crypto'] {
  return index === 0 || process.env.REQUIRE_ALL === '1' ? traits.crypto : traits.crypto.slice(0, 1);
}
