/** The built page: a few files, read once. Nothing else is served, whatever is asked for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsoleError } from '../production.ts';

/** One file as it is answered. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The same from the sources, from the ES modules, and from CommonJS: each lies two folders below the package. */
const PLACE = '../../dist/page/';

/**
 * Reads the page.
 * @throws ConsoleError `page-missing`
 */
export function readPage(): ReadonlyMap<string, PageFile> {
  const folder = fileURLToPath(new URL(PLACE, import.meta.url));
  if (!existsSync(join(folder, 'index.html')))
    throw new ConsoleError('page-missing', 'The page of the console was not built: run `npm run build`.');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && Object.hasOwn(TYPES, extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  const served = files.map((file): [string, PageFile] => [
    `/${relative(folder, file).split(sep).join('/')}`,
    { type: TYPES[extname(file)] ?? 'text/plain', bytes: readFileSync(file) },
  ]);
  const page = new Map(served);
  const start = page.get('/index.html');
  if (start !== undefined) page.set('/', start);
  return page;
}
