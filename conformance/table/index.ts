/** The table. */
import { audience } from './audience.ts';
import { binding } from './binding.ts';
import { bodies } from './bodies.ts';
import type { Family } from './case.ts';
import { concurrency, disconnects } from './concurrency.ts';
import { edges } from './edges.ts';
import { errors } from './errors.ts';
import { exemptPaths } from './exempt.ts';
import { headerSections } from './header-sections.ts';
import { methods, preflights } from './methods.ts';
import { observe } from './observe.ts';
import { paths } from './paths.ts';
import { refusals } from './refusals.ts';
import { routes } from './routes.ts';
import { signaturePolicy } from './signature-policy.ts';
import { signedBodies } from './signed-bodies.ts';
import { signing } from './signing.ts';
import { tampering } from './tampering.ts';
import { tokenHeader } from './token-header.ts';
import { keySets, tokens } from './tokens.ts';
import { unavailable } from './unavailable.ts';

export const table: readonly Family[] = [
  tokens,
  keySets,
  tokenHeader,
  binding,
  observe,
  exemptPaths,
  audience,
  edges,
  routes,
  paths,
  preflights,
  headerSections,
  methods,
  bodies,
  signing,
  signaturePolicy,
  tampering,
  signedBodies,
  refusals,
  unavailable,
  errors,
  concurrency,
  disconnects,
];
