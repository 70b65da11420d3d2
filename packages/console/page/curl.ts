/** A request as a command line. */
import type { WireRequest } from '../src/wire.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOf(origin: string, { method, target, headers, body }: WireRequest): string {
  const how = method === 'HEAD' ? ['--head'] : method === 'GET' && body === null ? ['-i'] : ['-i', '-X', quoted(method)];
  // curl drops a header without a value unless it is written with a semicolon.
  const lines = headers.flatMap(([name, value]) => ['-H', quoted(value === '' ? `${name};` : `${name}: ${value}`)]);
  return ['curl', ...how, ...lines, ...(body === null ? [] : ['--data-raw', quoted(body)]), '--path-as-is', quoted(origin + target)].join(
    ' ',
  );
}
