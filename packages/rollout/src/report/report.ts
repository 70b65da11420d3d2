/** The readiness report: what enforcing now would refuse, and who that is. */
import type { DecisionKind } from '../log/line.ts';
import { knownNames, numberWithin } from '../settings.ts';
import { CLASSES, type ClassName } from './classes.ts';
import { Shapes } from './classify.ts';
import type { Group, Tallied } from './tally.ts';

/** When enforcing is safe. Shares are of 1. */
export interface Thresholds {
  /** Faults of our own. Default 0. */
  readonly unavailable?: number;
  /** Requests that look genuine and would be refused, those of old apps left out. Default 0.005. */
  readonly genuine?: number;
  /** Requests of old versions of the app. Default 0.005. */
  readonly oldApps?: number;
  /** Tokens whose signature does not hold. Default 0.02. */
  readonly signatureInvalid?: number;
  /** On how many days in a row, 1 to 365. Default 7. */
  readonly days?: number;
}

/** Settings of the report. */
export interface ReportSettings {
  readonly thresholds?: Thresholds;
  /** Versions of the app that are no longer supported: they do not count as genuine. */
  readonly unsupportedVersions?: readonly string[];
  /** Told, for each kind of decisions of an hour (milliseconds since the epoch), how many there were and what they are taken for. */
  readonly onGroup?: ((kind: DecisionKind, hour: number, count: number, name: ClassName) => void) | undefined;
}

/** How many decisions were of one class. */
export interface ClassCount {
  readonly name: ClassName;
  readonly count: number;
}

/** Decisions that have something in common. */
export interface Slice {
  readonly name: string;
  readonly all: number;
  /** What is not accepted: what enforcing refuses. */
  readonly refused: number;
  /** Those of them that look genuine. */
  readonly genuine: number;
  readonly classes: readonly ClassCount[];
}

/** One threshold and how it stands. */
export interface Finding {
  readonly name: keyof Thresholds;
  readonly holds: boolean;
  readonly text: string;
}

/** The report. */
export interface ReadinessReport {
  readonly from: string | null;
  readonly to: string | null;
  readonly all: number;
  readonly refused: number;
  readonly genuine: number;
  readonly classes: readonly ClassCount[];
  readonly byRoute: readonly Slice[];
  readonly byVersion: readonly Slice[];
  readonly byPlatform: readonly Slice[];
  readonly byDay: readonly Slice[];
  readonly codes: readonly { readonly code: string; readonly count: number; readonly devices: number; readonly addresses: number }[];
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  readonly lines: { readonly damaged: number; readonly dropped: number; readonly coarse: boolean };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST_SLICES = 50;
const THRESHOLD_NAMES = ['unavailable', 'genuine', 'oldApps', 'signatureInvalid', 'days'];

/** Makes the report. */
export function reportOf(tallied: Tallied, settings: ReportSettings = {}): ReadinessReport {
  knownNames(settings, 'settings', ['thresholds', 'unsupportedVersions', 'onGroup']);
  const shapes = new Shapes(tallied);
  const unsupported = new Set(settings.unsupportedVersions);
  const judged: Judged[] = tallied.groups
    .filter(({ kind }) => !kind.again)
    .map((group) => ({ ...group, name: shapes.classOf(group) }))
    .map((group) => ({
      ...group,
      genuine: CLASSES[group.name].genuine && !(group.name === 'old-app' && unsupported.has(group.kind.version)),
    }));
  if (settings.onGroup !== undefined) for (const { kind, hour, count, name } of judged) settings.onGroup(kind, hour, count, name);
  const whole = slice('all', judged);
  const hours = judged.map(({ hour }) => hour);
  const byDay = slices(judged, ({ hour }) => new Date(Math.floor(hour / DAY) * DAY).toISOString().slice(0, 10));
  const findings = findingsOf(judged, settings.thresholds ?? {});
  return {
    from: hours.length === 0 ? null : new Date(least(hours)).toISOString(),
    to: hours.length === 0 ? null : new Date(-least(hours.map((hour) => -hour)) + HOUR).toISOString(),
    all: whole.all,
    refused: whole.refused,
    genuine: whole.genuine,
    classes: whole.classes,
    byRoute: slices(judged, ({ kind }) => kind.route),
    byVersion: slices(judged, ({ kind }) => kind.version || '(none)'),
    byPlatform: slices(judged, ({ kind }) => kind.platform || '(none)'),
    byDay: [...byDay].sort((one, other) => (one.name < other.name ? -1 : 1)),
    codes: codesOf(judged, tallied),
    ready: whole.all > 0 && findings.every(({ holds }) => holds),
    findings,
    lines: { damaged: tallied.damaged, dropped: tallied.dropped, coarse: tallied.coarse },
  };
}

type Judged = Group & { readonly name: ClassName; readonly genuine: boolean };

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function slice(name: string, judged: readonly Judged[]): Slice {
  const counts = new Map<ClassName, number>();
  let [all, refused, genuine] = [0, 0, 0];
  for (const group of judged) {
    counts.set(group.name, (counts.get(group.name) ?? 0) + group.count);
    all += group.count;
    if (group.name === 'verified') continue;
    refused += group.count;
    if (group.genuine) genuine += group.count;
  }
  // The cast holds: the names are those of the table.
  const classes = (Object.keys(CLASSES) as ClassName[]).map((known) => ({ name: known, count: counts.get(known) ?? 0 }));
  return { name, all, refused, genuine, classes: classes.filter(({ count }) => count > 0) };
}

/** The largest, and what is left over as one. */
function slices(judged: readonly Judged[], nameOf: (group: Judged) => string): readonly Slice[] {
  const parts = new Map<string, Judged[]>();
  for (const group of judged) {
    const name = nameOf(group);
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [group]);
    else part.push(group);
  }
  const all = [...parts].map(([name, part]) => slice(name, part)).sort((one, other) => other.all - one.all);
  if (all.length <= MOST_SLICES) return all;
  const shown = all.slice(0, MOST_SLICES - 1);
  const names = new Set(shown.map(({ name }) => name));
  return [
    ...shown,
    slice(
      '(others)',
      judged.filter((group) => !names.has(nameOf(group))),
    ),
  ];
}

function codesOf(judged: readonly Judged[], { spread }: Tallied): ReadinessReport['codes'] {
  const counts = new Map<string, number>();
  for (const { kind, count } of judged) counts.set(kind.code, (counts.get(kind.code) ?? 0) + count);
  const rows = [...counts].map(([code, count]) => ({ code, count, devices: 0, addresses: 0, ...spread.get(code) }));
  return rows.sort((one, other) => other.count - one.count);
}

function findingsOf(judged: readonly Judged[], given: Thresholds): readonly Finding[] {
  knownNames(given, 'thresholds', THRESHOLD_NAMES);
  const share = (name: 'unavailable' | 'genuine' | 'oldApps' | 'signatureInvalid', fallback: number): number =>
    numberWithin(given[name], `thresholds.${name}`, [0, 1], fallback);
  const days = Math.ceil(numberWithin(given.days, 'thresholds.days', [1, 365], 7));
  const found = new Set(judged.map(({ hour }) => Math.floor(hour / DAY)));
  const last = -least([...found].map((day) => -day));
  const seen = Array.from({ length: days }, (_, index) => last - index).filter((day) => found.has(day)).length;
  const recent = judged.filter(({ hour }) => Math.floor(hour / DAY) > last - days);
  const worst = (counts: (group: Judged) => boolean): number => worstDay(recent, counts);
  const at = (name: Finding['name'], value: number, most: number, what: string): Finding => ({
    name,
    holds: value <= most,
    text: `${what}: ${percent(value)} on the worst of the last ${days} days, at most ${percent(most)}`,
  });
  return [
    { name: 'days', holds: seen >= days, text: `observed on ${seen} of the last ${days} days` },
    at(
      'unavailable',
      worst(({ name }) => name === 'our-outage'),
      share('unavailable', 0),
      'our own faults',
    ),
    at(
      'genuine',
      worst(({ name, genuine }) => genuine && !['verified', 'our-outage', 'old-app'].includes(name)),
      share('genuine', 0.005),
      'look genuine',
    ),
    at(
      'oldApps',
      worst(({ name, genuine }) => genuine && name === 'old-app'),
      share('oldApps', 0.005),
      'from old versions of the app',
    ),
    at(
      'signatureInvalid',
      worst(({ kind }) => kind.code === 'token-signature-invalid'),
      share('signatureInvalid', 0.02),
      'signature of the token invalid',
    ),
  ];
}

function worstDay(judged: readonly Judged[], counts: (group: Judged) => boolean): number {
  const days = new Map<number, { so: number; all: number }>();
  for (const group of judged) {
    const day = Math.floor(group.hour / DAY);
    const entry = days.get(day) ?? { so: 0, all: 0 };
    days.set(day, entry);
    entry.all += group.count;
    if (counts(group)) entry.so += group.count;
  }
  return [...days.values()].reduce((worst, { so, all }) => Math.max(worst, so / all), 0);
}

/** A share of 1 in per cent. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.001 ? 3 : 1)} %`;
}
