/** `approov-guard app`: calls an API as simulated apps do. */
import type { AppAnswer, Behaviour, FleetOptions, FleetReport } from '@approov-guard/cloud';
import type { HeaderLine } from 'approov-guard/views';
import type { Arguments } from '../command-line/arguments.ts';
import type { Command } from '../command-line/command.ts';
import { COMMON_OPTIONS, SHARED_OPTIONS } from '../command-line/option-tables.ts';
import { EXIT, type Surroundings } from '../terminal/surroundings.ts';
import { parseHeaderLine, safeText } from '../terminal/text.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { blamed, CLOUD_ADDRESS } from './cloud.ts';

/** The command. */
export const app: Command = {
  name: 'app',
  summary: 'call an API as simulated apps do: genuine, rooted, repackaged, a bot …',
  usage: [
    'approov-guard app URL [--as BEHAVIOUR] [OPTIONS]',
    'approov-guard app URL --devices N --calls N [--mix LIST] [--rate N] [--seed N]',
  ],
  options: {
    as: {
      value: 'BEHAVIOUR',
      describe: 'genuine (default), rooted, emulator, debugger, repackaged, unregistered, old, offline, bot, thief …',
    },
    cloud: { value: 'URL', describe: `the cloud, default http://${CLOUD_ADDRESS}` },
    domain: { value: 'DOMAIN', describe: 'the API domain for which tokens are fetched; default: the host of URL' },
    package: { value: 'NAME', describe: 'the app, default com.example.app' },
    sign: { value: 'install', describe: 'sign messages with the installation’s key' },
    bind: { value: 'HEADER', describe: 'bind tokens to this header' },
    header: SHARED_OPTIONS.header,
    method: { value: 'METHOD', describe: 'default GET' },
    data: { value: 'TEXT', describe: 'the body' },
    devices: { value: 'N', describe: 'a fleet of so many devices' },
    calls: { value: 'N', describe: 'so many calls, default 1' },
    mix: { value: 'LIST', describe: 'behaviours and weights, such as genuine=90,rooted=5,old=5' },
    rate: { value: 'N', describe: 'calls in a second, default: as fast as answers come' },
    seed: { value: 'N', describe: 'repeats who is who and who calls when, default 1' },
    ...COMMON_OPTIONS,
  },
  examples: [
    'approov-guard app http://127.0.0.1:8002/v2/shapes --domain api.example.com',
    'approov-guard app http://127.0.0.1:8002/v2/shapes --domain api.example.com --as rooted',
    'approov-guard app http://127.0.0.1:8002/ --domain api.example.com --devices 100 --calls 1000 --mix genuine=9,rooted=1',
  ],
  words: 1,
  run: (given, surroundings) => blamed(() => runApp(given, surroundings)),
};

async function runApp(given: Arguments, surroundings: Surroundings): Promise<number> {
  const { createDevice, createFleet, appFetch } = await import('@approov-guard/cloud');
  const [url, calls] = [urlFrom(given), countFrom(given, 'calls', 1)];
  const settings = { ...settingsFrom(given), now: surroundings.now };
  const init = { method: given.text('method') ?? 'GET', headers: headersFrom(given), body: given.text('data') ?? null };
  if (given.text('devices') !== undefined) {
    const rate = given.text('rate') === undefined ? null : countFrom(given, 'rate', 1);
    const size = countFrom(given, 'devices', 1);
    const fleet = createFleet({
      ...settings,
      size,
      rate,
      seed: countFrom(given, 'seed', 1),
      mix: mixFrom(given),
      call: () => ({ url, ...init }),
    });
    const report = await fleet.run(calls);
    await fleet.close();
    return fleetTold(report, given, surroundings);
  }
  const device = createDevice({ ...settings, behaviour: behaviourFrom(given.text('as') ?? 'genuine', await behaviourNames()) });
  try {
    let code: number = EXIT.accepted;
    for (let call = 0; call < calls; call += 1) code = answerTold(await appFetch(device, url, init).catch(unanswered), given, surroundings);
    return code;
  } finally {
    device.close();
  }
}

async function behaviourNames(): Promise<readonly Behaviour[]> {
  return (await import('@approov-guard/cloud')).BEHAVIOUR_NAMES;
}

function unanswered(): never {
  throw new UsageError('the API does not answer: check the URL, and that its server runs');
}

function urlFrom({ words }: Arguments): string {
  const [url = ''] = words;
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url;
  throw new UsageError('name what is called: approov-guard app http://127.0.0.1:8002/');
}

function countFrom(given: Arguments, name: string, fallback: number): number {
  const text = given.text(name);
  const count = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 100_000_000) return count;
  throw new UsageError(`--${name} is a whole number from 1 on`);
}

function settingsFrom(given: Arguments): Omit<FleetOptions, 'size' | 'mix' | 'call'> {
  const [domain, name, sign, bind] = [given.text('domain'), given.text('package'), given.text('sign'), given.text('bind')];
  if (sign !== undefined && sign !== 'install') throw new UsageError('--sign is install');
  return {
    cloud: given.text('cloud') ?? `http://${CLOUD_ADDRESS}`,
    ...(domain === undefined ? {} : { domain }),
    ...(name === undefined ? {} : { app: name }),
    ...(sign === undefined ? {} : { sign }),
    ...(bind === undefined ? {} : { bindingHeader: bind }),
  };
}

function headersFrom(given: Arguments): readonly HeaderLine[] {
  return given.texts('header').map((line) => {
    const header = parseHeaderLine(line);
    if (header === null || !/^[\x20-\x7e]*$/.test(header[1]))
      throw new UsageError("--header is a name, a colon and a value: --header 'Authorization: Bearer abc'");
    return header;
  });
}

function behaviourFrom(name: string, names: readonly Behaviour[]): Behaviour {
  const found = names.find((known) => known === name);
  if (found !== undefined) return found;
  throw new UsageError(`--as is one of ${names.join(', ')}`);
}

function mixFrom(given: Arguments): FleetOptions['mix'] {
  const text = given.text('mix') ?? `${given.text('as') ?? 'genuine'}=1`;
  // createFleet checks names and weights.
  return Object.fromEntries(
    text
      .split(',')
      .map((part) => part.split('='))
      .map(([name = '', weight = '1']) => [name, Number(weight)]),
  );
}

function answerTold({ sdkStatus, status, text }: AppAnswer, given: Arguments, { stdout }: Surroundings): number {
  if (given.flag('json')) stdout.write(`${JSON.stringify({ sdkStatus, status, text })}\n`);
  else stdout.write(`${status ?? 'nothing sent'} (SDK: ${sdkStatus ?? 'none'})\n${safeText(text.slice(0, 2000))}\n`);
  return status !== null && status < 400 ? EXIT.accepted : EXIT.rejected;
}

function fleetTold(report: FleetReport, given: Arguments, { stdout }: Surroundings): number {
  const rows = Object.entries(report.byBehaviour).map(
    ([name, counts]) =>
      `  ${name.padEnd(14)} ${Object.entries(counts)
        .map(([status, count]) => `${status}: ${count}`)
        .join(', ')}\n`,
  );
  if (given.flag('json')) stdout.write(`${JSON.stringify(report)}\n`);
  else stdout.write(`${report.calls} calls, ${report.unanswered} without an answer\n${rows.join('')}`);
  return report.unanswered === 0 ? EXIT.accepted : EXIT.unknown;
}
