/** What the server of the console tells its page, as JSON. Texts that come from requests are bounded, and shown as text. */

/** Decisions that have something in common. */
export interface ShownSlice {
  readonly name: string;
  readonly all: number;
  readonly refused: number;
  readonly genuine: number;
}

/** What enforcing would refuse, and who that is: the readiness report, as far as it is shown. */
export interface ShownReport {
  readonly all: number;
  readonly refused: number;
  readonly genuine: number;
  readonly ready: boolean;
  readonly findings: readonly { readonly name: string; readonly holds: boolean; readonly text: string }[];
  /** What the decisions are taken for, and what to do about it. */
  readonly classes: readonly { readonly name: string; readonly count: number; readonly title: string; readonly action: string }[];
  readonly byRoute: readonly ShownSlice[];
  readonly byVersion: readonly ShownSlice[];
  readonly byPlatform: readonly ShownSlice[];
  readonly byDay: readonly ShownSlice[];
  readonly damaged: number;
  readonly dropped: number;
  /** Of what this process decided since its start; else of decision logs. */
  readonly isLive: boolean;
}

/** What is known of a request that was decided about. */
export interface ShownDecision {
  /** The console's own number of this decision. */
  readonly id: string;
  /** When it was decided, milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: 'accepted' | 'rejected' | 'unavailable' | 'skipped';
  /** `accepted`, the reason, the fault, or why it was not judged. */
  readonly code: string;
  readonly action: 'pass' | 'refuse';
  readonly mode: 'enforce' | 'observe';
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What kind of client this seems to be: one of few words, never the client's own. */
  readonly sender: string;
  /** Whether its way through the order of judgement was recorded. */
  readonly explained: boolean;
}

/** Counts of ten seconds. */
export interface Bucket {
  /** Its beginning, milliseconds since the epoch. */
  readonly at: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unavailable: number;
}

/** What changed since the last frame. */
export interface Frame {
  readonly at: number;
  /** New decisions, oldest first: all of them, or a sample. */
  readonly decisions: readonly ShownDecision[];
  readonly totals: { readonly accepted: number; readonly rejected: number; readonly unavailable: number; readonly skipped: number };
  /** How often each reason or fault occurred. */
  readonly codes: { readonly [code: string]: number };
  /** The bucket that is being filled, or all of them in the first frame. */
  readonly buckets: readonly Bucket[];
  /** Decisions in the last whole second, and how many of them are shown. */
  readonly rate: { readonly decided: number; readonly shown: number };
  /** True in the first frame of a connection: what the page knew before is void. */
  readonly first: boolean;
  readonly gauges: Gauges | null;
}

/** What the watched guards hold. */
export interface Gauges {
  readonly cachedTokens: number;
  readonly replayEntries: number | null;
  readonly keys: number;
}

/** One check as it ended. */
export interface ShownCheck {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly reason: string | null;
  readonly detail: string | null;
  /** What the check looked at; `null` where there is nothing to show. */
  readonly saw: string | null;
  readonly mode: 'enforce' | 'observe';
  /** Whether this failure is the verdict. */
  readonly decisive: boolean;
}

/** One line of the signature base. */
export interface ShownLine {
  readonly identifier: string;
  /** As the server sees it; `null` where the request has no such value. */
  readonly server: string | null;
  /** As the client signed it, where that is known to differ. */
  readonly client: string | null;
  /** What lies between the two; `null`: no difference is known. */
  readonly cause: string | null;
}

/** A request as a way through the order of judgement. */
export interface Way {
  readonly decision: ShownDecision;
  readonly checks: readonly ShownCheck[];
  /** The token's claims as JSON, cut where they are long; `null` if there are none to read. */
  readonly claims: string | null;
  readonly tokenVerified: boolean;
  /** The signature base, line by line; empty where none was signed or asked for. */
  readonly base: readonly ShownLine[];
  /** What the code means, and what an operator does about it. */
  readonly meaning: string;
  readonly remedy: string;
}

/** A request that can be sent. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
}

/** A button of the request builder. */
export interface ShownScenario {
  readonly id: string;
  readonly group: 'genuine' | 'token' | 'binding' | 'signature';
  readonly title: string;
  /** What stands behind it in the world. */
  readonly story: string;
  readonly expects: { readonly status: number; readonly code: string };
}

/** The cloud on the desk, and its phones. */
export interface ShownDesk {
  /** Which failures of the cloud are on. */
  readonly faults: {
    readonly outage: boolean;
    readonly failover: boolean;
    readonly slowMs: number;
    readonly clockOffsetSeconds: number;
    readonly keySet: 'whole' | 'truncated' | 'stale';
  };
  readonly fleet: {
    readonly size: number;
    readonly isRunning: boolean;
    /** Requests in a second. */
    readonly rate: number;
    readonly mostRate: number;
    readonly devices: readonly {
      readonly name: string;
      readonly about: string;
      /** Its share of the fleet, 0 to 100, beside those of the others. */
      readonly weight: number;
      readonly calls: number;
      readonly passed: number;
    }[];
  };
}

/** What the page needs once. */
export interface Setup {
  /** Whether there is a cloud to switch. */
  readonly hasCloud: boolean;
  /** The origin of the API that the builder sends to; `null`: there is no builder. */
  readonly api: string | null;
  readonly scenarios: readonly ShownScenario[];
  /** The order of judgement with what each check is for. */
  readonly order: readonly { readonly name: string; readonly asks: string }[];
  readonly meanings: { readonly [code: string]: { readonly meaning: string; readonly remedy: string } };
}

/** What became of a request that the page had sent. */
export interface Sent {
  readonly request: WireRequest;
  /** Names the request in a later one that is an edited copy of it. */
  readonly from: string;
  readonly status: number;
  readonly answer: string;
  /** `null`: the guard did not judge it. */
  readonly way: Way | null;
  /** How often it was sent: a replay is shown as the last of two. */
  readonly times: number;
}

/** An answer that says what was wrong. */
export interface Refused {
  readonly error: { readonly code: string; readonly message: string };
}
