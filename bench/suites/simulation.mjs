/** A million signed requests a second in three regions: what goes wrong, and what it costs. Nothing of it depends on the machine. */
import { SCENARIOS, usualSettings } from '../simulation/scenarios.mjs';
import { World } from '../simulation/world.mjs';

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run({ smoke }, report) {
  for (const { group, name, settings, fault } of SCENARIOS) {
    const sampled = smoke ? { weight: 100_000, hitWeight: 10_000 } : {};
    const counts = new World({ ...usualSettings(), ...settings, ...sampled }).run(fault);
    report({ suite: 'simulation', group, name, unit: 'requests', figures: { ...counts } });
  }
}
