/** The report of what is decided in this process, without a log. */
import { randomBytes } from 'node:crypto';
import type { RequestView, Verdict } from 'approov-guard';
import { type AppHeaders, LineWriter, type ToldFacts } from '../log/line.ts';
import { knownNames } from '../settings.ts';
import { type ReadinessReport, type ReportSettings, reportOf } from './report.ts';
import { Tally } from './tally.ts';

/** Options of {@link liveReport}. */
export interface LiveReportOptions {
  /** In which headers the app says its version and platform. Default `x-app-version`, `x-app-platform`. */
  readonly headers?: AppHeaders;
  /** The client's address, of which the network is counted (/24, /48). Default: the peer's. */
  readonly address?: (request: RequestView) => string | null;
}

/** A report that grows. */
export interface LiveReport {
  /** For the guard's option `onVerdict`. */
  readonly onVerdict: (verdict: Verdict, facts: ToldFacts) => void;
  /** The report of all that was decided so far. */
  report(settings?: ReportSettings): ReadinessReport;
}

/**
 * Adds decisions up in memory, by kind and hour, and reports at any time: for development, and for one instance. It ends with the process; to
 * decide about a roll-out, keep a log with `decisionLog`.
 *
 * @param options - see {@link LiveReportOptions}
 * @throws ConfigurationError for an option that is not known
 *
 * @example
 * ```ts
 * import { liveReport, spellReport } from '@approov-guard/rollout';
 * import { createGuard } from 'approov-guard';
 * const live = liveReport();
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, mode: 'observe', onVerdict: live.onVerdict });
 * console.log(spellReport(live.report()));
 * ```
 */
export function liveReport(options: LiveReportOptions = {}): LiveReport {
  knownNames(options, 'options', ['headers', 'address']);
  const { headers = {}, address = (request) => request.peer ?? null } = options;
  const writer = new LineWriter(randomBytes(32).toString('hex'), headers, address);
  const tally = new Tally();
  return {
    onVerdict: (verdict, facts) => {
      const line = Buffer.from(writer.line(verdict, facts), 'latin1');
      tally.add(line, 0, line.length - 1);
    },
    report: (settings = {}) => reportOf(tally.end(), settings),
  };
}
