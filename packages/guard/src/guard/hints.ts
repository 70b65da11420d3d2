/** What a guard says on stderr: in development one hint for each reason, and every verdict where `DEBUG` asks for them. One line each. */
import { excerpt } from '../core/bytes.ts';
import type { FaultCode, ReasonCode } from '../core/reasons/codes.ts';
import { FAULTS, REASONS } from '../core/reasons/reasons.ts';
import type { Verdict } from '../core/verdict.ts';
import type { VerdictFacts, VerdictLines } from './report.ts';

/** The name by which `DEBUG` asks for every verdict. */
export const DEBUG_NAME = 'approov-guard';

/** What is said of verdicts. */
export interface HintSettings {
  /** Every verdict is a line. */
  readonly every: boolean;
  /** The first failure of each code is a line that says what to do. */
  readonly remedies: boolean;
}

type Failed = Exclude<Verdict, { readonly outcome: 'accepted' }>;

/**
 * What was explained in this process: no more than there are codes. Programs that make many guards, as tests and tenants do, would hear the same
 * advice from each.
 */
const explained: Set<ReasonCode | FaultCode> = new Set();

/** The lines of one guard. */
export class Hints implements VerdictLines {
  readonly #settings: HintSettings;
  readonly #print: (line: string) => void;

  /** @param print - takes a line; default: the console, which writes to stderr where there is one */
  constructor(settings: HintSettings, print: (line: string) => void = (line) => console.error(line)) {
    this.#settings = settings;
    this.#print = print;
  }

  get all(): boolean {
    return this.#settings.every;
  }

  wants(verdict: Verdict): boolean {
    return this.#settings.every || this.#explains(verdict);
  }

  tell(verdict: Verdict, facts: VerdictFacts): void {
    const said = [`approov-guard: ${outcomeOf(verdict, facts)}`];
    if (this.#settings.every) said.push(` (${circumstances(facts)})`);
    if (verdict.outcome !== 'accepted') {
      const detail = detailOf(verdict);
      if (detail !== '') said.push(`: ${detail}`);
      if (this.#explains(verdict)) said.push(this.#remedy(verdict.code));
    }
    this.#print(safeLine(said.join('')));
  }

  #explains(verdict: Verdict): boolean {
    return this.#settings.remedies && verdict.outcome !== 'accepted' && !explained.has(verdict.code);
  }

  #remedy(code: ReasonCode | FaultCode): string {
    const row = rowOf(code);
    const once = explained.size === 0 ? ' (Said once for each reason, in development; `hints: false` says nothing.)' : '';
    explained.add(code);
    return `. ${row === null ? `See docs/reasons.md#${code}.` : `${row.meaning} ${row.action}`}${once}`;
  }
}

/** Bundlers that build for production put a text where the name stands, and leave all texts of the tables out. */
function rowOf(code: ReasonCode | FaultCode): { readonly meaning: string; readonly action: string } | null {
  try {
    return process.env.NODE_ENV === 'production' ? null : { ...REASONS, ...FAULTS }[code];
  } catch {
    return null;
  }
}

function outcomeOf(verdict: Verdict, { action, method, path }: VerdictFacts): string {
  const request = `${method} ${path}`.trim();
  if (verdict.outcome === 'accepted') return `accepted ${request}`;
  return `${action === 'refuse' ? 'refused' : 'would refuse'} ${request}: ${verdict.code}`;
}

function circumstances({ route, mode, again, tookMs, id }: VerdictFacts): string {
  const words = [`route ${excerpt(route ?? 'default', 64)}`, mode, `${tookMs.toFixed(2)} ms`, id];
  return [...words, ...(again ? ['judged again'] : [])].join(', ');
}

/** Causes may hold what others wrote, such as addresses and passwords; these are our own texts. */
const OWN_CAUSES: ReadonlySet<FaultCode> = new Set(['body-unavailable', 'rule-failed']);

function detailOf(verdict: Failed): string {
  if (verdict.outcome === 'rejected') return verdict.detail ?? '';
  const { fault, cause } = verdict;
  return OWN_CAUSES.has(fault) && cause instanceof Error ? cause.message.slice(0, 400) : '';
}

/** A token in the path is not shown, and a line stays one. */
function safeLine(line: string): string {
  return line.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ').replace(/eyJ[\w-]{5,}(?:\.[\w-]*)*/g, '(token)');
}
