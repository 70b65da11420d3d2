/** The simulation behind `docs/scaling.md`, in a tiny run, and the page's tables. All of them are made anew with `REQUIRE_ALL=1`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pageOf, section, TABLES } from '../simulation/page.mjs';
import { SCENARIOS, usualSettings } from '../simulation/scenarios.mjs';
import { World } from '../simulation/world.mjs';

const sampled = { weight: 100_000, hitWeight: 10_000 };
type Scenario = (typeof SCENARIOS)[number];
const countsOf = ({ settings, fault }: Scenario, seed = 1): World['counts'] =>
  new World({ ...usualSettings(), ...settings, ...sampled, seed }).run(fault);

describe('the simulation', () => {
  it('is decided by its seed', () => {
    const [first] = SCENARIOS as [Scenario];
    assert.deepEqual(countsOf(first, 7), countsOf(first, 7));
    assert.notDeepEqual(countsOf(first, 7), countsOf(first, 8));
  });

  it('loses no request and no replay: each ends in exactly one way', () => {
    for (const scenario of SCENARIOS) {
      const { requests, accepted, unavailable, rejected, unreached, ...more } = countsOf(scenario);
      assert.equal(accepted + unavailable + rejected + unreached, requests, scenario.name);
      assert.equal(more.replays, accepted, scenario.name);
      assert.equal(more.replaysRefused + more.replaysUnavailable + more.replaysPassed, more.replays, scenario.name);
    }
  });

  it('lets no replay through and refuses nobody while the shared store is whole', () => {
    for (const layout of ['regions', 'one'] as const) {
      const { requests, accepted, replaysPassed } = new World({ ...usualSettings(), ...sampled, layout }).run();
      assert.deepEqual([requests - accepted, replaysPassed], [0, 0], layout);
    }
  });

  it('lets replays through where nothing is shared, so that the adversary is one', () => {
    for (const layout of ['memory', 'regions, one host'] as const) {
      assert.ok(new World({ ...usualSettings(), ...sampled, layout }).run().replaysPassed > 0, layout);
    }
  });

  it('is what the page shows', () => {
    const slow = process.env.REQUIRE_ALL === '1' ? [] : ['faults'];
    for (const [name, make] of Object.entries(TABLES)) {
      if (!slow.includes(name))
        assert.equal(section(readFileSync(pageOf(name), 'utf8'), name), make(), `${name}: node bench/simulation/page.mjs --write`);
    }
  });
});
