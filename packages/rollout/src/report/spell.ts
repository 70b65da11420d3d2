/** The report as text for a terminal. */
import { CLASSES } from './classes.ts';
import { percent, type ReadinessReport, type Slice } from './report.ts';

/** The report as text. Names that clients chose are in printable ASCII. */
export function spellReport(report: ReadinessReport): string {
  const { all, refused, genuine, ready, findings, from, to } = report;
  const { damaged, dropped, coarse } = report.lines;
  if (all === 0) return `Nothing was judged. ${damaged} lines could not be read.\n`;
  const lines = [
    `${from} to ${to}`,
    `Enforcing now would refuse ${refused} of ${all} requests (${percent(refused / all)}); ${genuine} of them look genuine (${percent(genuine / all)}).`,
    '',
    ...report.classes.map(({ name, count }) => row(CLASSES[name].title, count, all)),
    '',
    ...report.classes.filter(({ name }) => name !== 'verified').map(({ name }) => `${CLASSES[name].title}: ${CLASSES[name].action}`),
    '',
    ...table('by route', report.byRoute),
    ...table('by version', report.byVersion),
    ...table('by platform', report.byPlatform),
    ...table('by day', report.byDay),
    'codes, and about how many devices and networks they came from',
    ...report.codes.map(
      ({ code, count, devices, addresses }) =>
        `  ${code.padEnd(36)} ${String(count).padStart(12)} ${String(devices).padStart(9)} ${String(addresses).padStart(9)}`,
    ),
    '',
    ...(damaged === 0 ? [] : [`${damaged} lines could not be read, and are not in these numbers.`]),
    ...(dropped === 0 ? [] : [`${dropped} decisions were not logged, since the disk did not take them.`]),
    ...(coarse ? ['There were so many kinds of decisions that hours were put together.'] : []),
    ready ? 'READY to enforce:' : 'NOT READY to enforce:',
    ...findings.map(({ holds, text }) => `  ${holds ? 'ok ' : 'NO '} ${text}`),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function row(title: string, count: number, all: number): string {
  return `  ${title.padEnd(40)} ${String(count).padStart(12)}  ${percent(count / all).padStart(8)}`;
}

function table(title: string, slices: readonly Slice[]): readonly string[] {
  const rows = slices.map(
    ({ name, all, refused, genuine }) =>
      `  ${name.padEnd(40)} ${String(all).padStart(12)} refused ${String(refused).padStart(10)} genuine ${String(genuine).padStart(10)}`,
  );
  return [title, ...rows, ''];
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) =>
    character === '…' ? '...' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
