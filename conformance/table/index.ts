/** The table. */

import { bodies } from './bodies.ts';
import type { Family } from './case.ts';
import { concurrency, disconnects } from './concurrency.ts';
import { edges } from './edges.ts';
import { errors } from './errors.ts';
import { observe } from './observe.ts';
import { refusals } from './refusals.ts';
import { exemptPaths } from './routes/exempt.ts';
import { methods, preflights } from './routes/methods.ts';
import { paths } from './routes/paths.ts';
import { routes } from './routes/routes.ts';
import { headerSections } from './signing/header-sections.ts';
import { signaturePolicy } from './signing/signature-policy.ts';
import { signedBodies } from './signing/signed-bodies.ts';
import { signing } from './signing/signing.ts';
import { tampering } from './signing/tampering.ts';
import { audience } from './tokens/audience.ts';
import { binding } from './tokens/binding.ts';
import { tokenHeader } from './tokens/token-header.ts';
import { keySets, tokens } from './tokens/tokens.ts';
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
