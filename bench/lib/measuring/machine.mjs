/** What the figures were measured on, and how noisy it was. */
import { createHmac, createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { spread } from './measure.mjs';

/** Describes the machine. */
export function describeMachine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    shaInstructions: flags().includes('sha_ni'),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    openssl: process.versions.openssl,
    loadAverage: loadavg()[0],
  };
}

function flags() {
  try {
    return /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** How much the same work varies from one moment to the next: 200 slices of about 5 ms. */
export function noise() {
  const key = createSecretKey(Buffer.alloc(64, 1));
  const slices = [];
  for (let slice = 0; slice < 220; slice++) {
    const start = performance.now();
    for (let call = 0; call < 1000; call++) createHmac('sha256', key).update('noise').digest();
    slices.push(performance.now() - start);
  }
  const { median, low, high } = spread(slices.slice(20));
  return {
    medianMs: round(median),
    low: round(low / median),
    high: round(high / median),
    worst: round(Math.max(...slices.slice(20)) / median),
  };
}

/** @param {number} value */
const round = (value) => Number(value.toPrecision(3));
