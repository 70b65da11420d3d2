/** `approov-guard/logging`: one structured line for each decision that was not accepted, to the logger that you have. */

import { checkedNumber, checkedObject } from '../checks/option-checks.ts';
import { LOGGING } from '../checks/option-table.ts';
import type { Verdict } from '../core/verdict.ts';
import type { OnVerdict, VerdictFacts } from '../guard/report.ts';
import type { Decision } from '../http/decide.ts';
import { type DecisionEvent, decisionEvent } from './decision-event.ts';
import { stageShown } from './tally.ts';

/** What is needed of pino, of `request.log` of Fastify, and of loggers like them. */
export interface PinoLike {
  info(line: object, message: string): void;
  warn(line: object, message: string): void;
  error(line: object, message: string): void;
}

/** What is needed of the console: one text a line. */
export interface ConsoleLike {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** What is needed of Nest's `Logger`. */
export interface NestLoggerLike {
  log(line: object | string): void;
  warn(line: object | string): void;
  error(line: object | string): void;
}

/** How much is logged. */
export interface LoggingOptions {
  /** Lines a second at most, 1 to 100000. Default 100. Those above are counted, and the next line says how many: member `suppressed`. */
  readonly perSecond?: number;
}

type Level = 'info' | 'warn' | 'error';
type Line = DecisionEvent & { readonly suppressed?: number };

/**
 * Logs to pino, or a logger like it: `error` for faults on our side, `warn` for what was refused, `info` for what passed in `observe`. Accepted requests are
 * not logged. No line holds a token, a claim, a header or a query; what a client chose is escaped and short.
 * @returns a hook for the guard's option `onVerdict`
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { pinoLog } from 'approov-guard/logging';
 * import { pino } from 'pino';
 * const onVerdict = pinoLog(pino());
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict });
 * ```
 */
export function pinoLog(logger: PinoLike, options: LoggingOptions = {}): OnVerdict {
  return logged(options, (level, line) => logger[level](line, messageOf(line)));
}

/**
 * The same as one line of JSON to the console.
 * @returns a hook for the guard's option `onVerdict`
 *
 * @example
 * ```ts
 * import { createGuard } from 'approov-guard';
 * import { consoleLog } from 'approov-guard/logging';
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict: consoleLog(console) });
 * ```
 */
export function consoleLog(console: ConsoleLike, options: LoggingOptions = {}): OnVerdict {
  return logged(options, (level, line) => console[level](JSON.stringify({ level, message: messageOf(line), ...line })));
}

/**
 * The same to a `Logger` of Nest.
 * @returns a hook for the guard's option `onVerdict`
 *
 * @example
 * ```ts
 * import { Logger } from '@nestjs/common';
 * import { createGuard } from 'approov-guard';
 * import { nestLog } from 'approov-guard/logging';
 * createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } }, onVerdict: nestLog(new Logger('Approov')) });
 * ```
 */
export function nestLog(logger: NestLoggerLike, options: LoggingOptions = {}): OnVerdict {
  return logged(options, (level, line) => logger[level === 'info' ? 'log' : level]({ message: messageOf(line), ...line }));
}

/**
 * One line by the logger of a request, so that it has the request's id: `request.log` of Fastify, in a hook `onResponse`. What was accepted, or not
 * judged, is not logged.
 *
 * @example
 * ```ts
 * import { approov } from 'approov-guard/fastify';
 * import { logDecision } from 'approov-guard/logging';
 * import fastify from 'fastify';
 * const app = fastify({ logger: true });
 * app.addHook('onRequest', approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }));
 * app.addHook('onResponse', async (request) => logDecision(request.log, request.approov));
 * ```
 */
export function logDecision(log: PinoLike, decision: Decision | undefined): void {
  const verdict = decision?.verdict ?? null;
  if (decision === undefined || verdict === null || verdict.outcome === 'accepted') return;
  const { id, action, mode } = decision;
  const { outcome, code } = verdict;
  const detail = outcome === 'rejected' ? (verdict.detail ?? '') : '';
  log[levelOf(outcome, action)]({ id, outcome, code, stage: stageShown(verdict), action, mode, detail }, messageOf({ action, code }));
}

function logged(options: LoggingOptions, write: (level: Level, line: Line) => void): OnVerdict {
  const given = checkedObject(options, 'options', LOGGING);
  const perSecond = checkedNumber(given.perSecond, 'perSecond', LOGGING.perSecond);
  let [second, lines, suppressed] = [Number.NaN, 0, 0];
  const log = (verdict: Verdict, facts: VerdictFacts): void => {
    if (verdict.outcome === 'accepted') return;
    const now = Math.floor(facts.at / 1000);
    if (now !== second) [second, lines] = [now, 0];
    if (lines >= perSecond) {
      suppressed++;
      return;
    }
    lines++;
    const event = decisionEvent(verdict, facts);
    const line = suppressed === 0 ? event : { ...event, suppressed };
    suppressed = 0;
    write(levelOf(verdict.outcome, facts.action), line);
  };
  return Object.assign(log, { timed: true });
}

function levelOf(outcome: DecisionEvent['outcome'], action: DecisionEvent['action']): Level {
  if (outcome === 'unavailable') return 'error';
  return action === 'refuse' ? 'warn' : 'info';
}

function messageOf({ action, code }: Pick<DecisionEvent, 'action' | 'code'>): string {
  return `approov: ${action === 'refuse' ? 'refused' : 'would refuse'}, ${code}`;
}
