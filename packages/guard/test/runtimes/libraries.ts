/** The built library as its users get it, and on either crypto port. */
import { ConfigurationError, createGuard, type Guard, type GuardOptions, memoryReplayStore } from 'approov-guard';
import { approov } from 'approov-guard/web';
import type { CryptoPort } from '../../src/core/ports.ts';
import type { Library } from './core-suite.ts';

/** What the programs import from the built files, since the package does not export it. */
export interface BuiltFiles {
  /** The crypto ports that the runtime has. */
  readonly ports: { readonly [name: string]: CryptoPort };
  createGuardOn(port: CryptoPort, options: GuardOptions): Guard;
}

/** The library as it is, and on each port. */
export function libraries({ ports, createGuardOn }: BuiltFiles): { readonly [name: string]: Library } {
  const shared = { ConfigurationError, memoryReplayStore, approov };
  const onPorts = Object.entries(ports).map(([name, port]) => {
    return [name, { ...shared, createGuard: (options: GuardOptions) => createGuardOn(port, options) }] as const;
  });
  return { 'its own choice': { ...shared, createGuard }, ...Object.fromEntries(onPorts) };
}
