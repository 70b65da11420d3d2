/** What a row of the table holds. */
import type { Quirk, Setup, Started, Traits } from '../adapters/adapter.ts';
import type { Echo } from '../app/behaviours.ts';
import type { WireRequest, WireResponse } from '../run/wire.ts';

/** What a request must lead to. */
export interface Expected {
  readonly status: number;
  /**
   * `accepted`, a reason code or a fault code: the hook sees it once, and the handler if the request passes.
   * `preflight`, `exempt`, `unguarded`: the hook sees nothing.
   */
  readonly verdict: string;
  /** The verdict where the platform joins repeated lines, if it differs. */
  readonly joined?: string;
  /** What is expected where the platform normalises targets, if it differs. */
  readonly normalised?: { readonly status: number; readonly verdict: string };
  /** What is expected where the platform has this peculiarity. */
  readonly quirks?: { readonly [Name in Quirk]?: { readonly status: number; readonly verdict: string } };
  /** The framework itself may answer 400 or 404, without asking the guard: it cannot read the target. */
  readonly frameworkMayRefuse?: boolean;
  /** More about what the handler saw. */
  readonly echo?: (echo: Echo) => void;
  /** More about the response. */
  readonly response?: (response: WireResponse) => void;
}

/** One request. */
export interface RequestCase {
  readonly name: string;
  readonly setup: Setup;
  readonly request: WireRequest;
  readonly expected: Expected;
}

/** What a scenario works with. */
export interface Scene {
  readonly started: Started;
  readonly traits: Traits;
  /** Sends a request and checks it like a request case. Not for use in parallel. */
  expect(request: WireRequest, expected: Expected): Promise<WireResponse>;
}

/** Several requests, or other things than requests. */
export interface ScenarioCase {
  readonly name: string;
  readonly setup: Setup;
  readonly run: (scene: Scene) => Promise<void>;
}

export type Case = RequestCase | ScenarioCase;

/** The cases of one kind. */
export interface Family {
  readonly name: string;
  readonly cases: readonly Case[];
}
