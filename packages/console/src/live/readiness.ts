/** The readiness report for the page: of the decisions that the console sees, or of decision logs. */
import { CLASSES, liveReport, type ReportSettings, readDecisionLogs } from '@approov-guard/rollout';
import type { ShownReport } from '../wire.ts';

/** What the page reports on. */
export interface ReadinessOptions extends ReportSettings {
  /** Files and folders of decision logs. Default: what the watched guards of this process decided since its start. */
  readonly logs?: readonly string[];
}

/** Every watched guard of this process adds to it. */
export const live: ReturnType<typeof liveReport> = liveReport();

/** A report that was made is shown for as long as this, and for ten times as long as it took: logs may be large. */
const SHOWN_MS = 1000;

/** Makes reports for the readers of one console. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #made: Promise<ShownReport> | null = null;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** The report; the same for all who ask within a second. @throws what reading the logs throws */
  shown(): Promise<ShownReport> {
    if (this.#made !== null) return this.#made;
    const begun = performance.now();
    const made = this.#make();
    this.#made = made;
    const forget = (): void => {
      const timer = setTimeout(
        () => {
          this.#made = null;
        },
        Math.max(SHOWN_MS, 10 * (performance.now() - begun)),
      );
      timer.unref();
    };
    made.then(forget, forget);
    return made;
  }

  async #make(): Promise<ShownReport> {
    const { logs, ...settings } = this.#options;
    const report = logs === undefined ? live.report(settings) : await readDecisionLogs(logs, settings);
    const classes = report.classes.map(({ name, count }) => ({ name, count, title: CLASSES[name].title, action: CLASSES[name].action }));
    const { all, refused, genuine, ready, findings, byRoute, byVersion, byPlatform, byDay } = report;
    const { damaged, dropped } = report.lines;
    const isLive = logs === undefined;
    return { all, refused, genuine, ready, findings, classes, byRoute, byVersion, byPlatform, byDay, damaged, dropped, isLive };
  }
}
