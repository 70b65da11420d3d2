/** Plain paths: those that all servers read alike. Rows name plain paths, and a path that is not plain may be any of them. */

/** A plain path of a request. */
export interface PlainPath {
  /** As it was sent. */
  readonly raw: string;
  /** What the laxest router makes of it. */
  readonly loose: string;
}

/** What a row names: a path, or everything below one (`/public/*`). */
export interface PathPattern extends PlainPath {
  /** Whether it stands for everything below; its texts then end with a slash. */
  readonly below: boolean;
}

/** RFC 3986 §3.3: `pchar` without `;`, which starts parameters; no segment is empty, but the last may be. */
const SHAPE = /^(?=\/)(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})+)*\/?$/;
/** What servers take out, split at, or decode a second time: dot segments, and encoded `/ \ . % ; ? #` and controls. */
const STRUCTURE = /\/\.{1,2}(?:\/|$)|%(?:2[35EF]|3[BF]|5C|[01][0-9A-F]|7F)/i;
/** RFC 3986 §2.1 knows bytes; as UTF-8 there are more controls. */
const CONTROLS = /[\x80-\x9f]/;

/**
 * The path of a target, if it is plain; `null` if servers may disagree about it.
 * @param target - the raw request target; its query does not matter
 */
export function plainPath(target: string): PlainPath | null {
  const raw = pathOf(target);
  const decoded = decodedPath(raw);
  if (decoded === null) return null;
  const whole = decoded.endsWith('/') ? decoded.slice(0, -1) : decoded;
  // Upper case first: some letters beyond ASCII meet one within it there (ſ and S), others in lower case (the Kelvin sign and k).
  return { raw, loose: raw.includes('%') ? whole.toUpperCase().toLowerCase() : whole.toLowerCase() };
}

/**
 * The target by which a framework chooses the handler that shows the path only, and maybe decoded.
 * @param path - what the framework shows
 * @param sent - the target that was sent, which it is if the two are the same except for encoding
 */
export function targetRead(path: string, sent: string): string {
  const before = pathOf(sent);
  if (path === before) return sent;
  const shown = encoded(pathOf(path));
  const decoded = decodedPath(before);
  return decoded !== null && (decoded === path || decoded === decodedPath(shown)) ? sent : shown;
}

function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

/** A plain path, decoded once, as often as it can be. `null` if it is not plain. */
function decodedPath(path: string): string | null {
  if (!SHAPE.test(path) || STRUCTURE.test(path)) return null;
  if (!path.includes('%')) return path;
  try {
    const decoded = decodeURIComponent(path);
    return CONTROLS.test(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

/** With the characters encoded that no target holds. A lone surrogate cannot be, and stays what no path holds. */
function encoded(path: string): string {
  return path.replace(/[^\x21-\x7e\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff]/g, encodeURIComponent);
}

/**
 * Compiles what a row names. Characters that no target holds are percent-encoded; the rest has to be as clients send it.
 * @returns `null` if that is not a plain path, with or without `/*`
 */
export function compilePattern(text: string): PathPattern | null {
  const row = encoded(text);
  const below = row.endsWith('/*');
  const path = plainPath(below ? row.slice(0, -1) : row);
  // An asterisk elsewhere is more likely a mistake than a path.
  if (path === null || /[?*]/.test(row.slice(0, below ? -1 : undefined))) return null;
  return { raw: path.raw, loose: below ? `${path.loose}/` : path.loose, below };
}

/**
 * Whether a pattern covers a path: `exactly`, byte for byte, or `loosely`, as some routers have it: in another case or encoding, with or
 * without a slash at the end, `/public` for `/public/*`.
 */
export function coverage({ raw, loose, below }: PathPattern, path: PlainPath): 'exactly' | 'loosely' | null {
  if (below ? path.raw.startsWith(raw) : path.raw === raw) return 'exactly';
  return (below ? `${path.loose}/`.startsWith(loose) : path.loose === loose) ? 'loosely' : null;
}

// The path by which a framework chooses the handler, where that is not simply a member of the request.

/** What Koa's context tells of it. */
export interface KoaPath {
  readonly originalUrl: string;
  readonly url: string;
  /** What `koa-mount` took off the front of the path. */
  readonly mountPath?: string;
  /** What `@koa/router` reads instead of the path. */
  readonly newRouterPath?: string;
}

/** What routers read. `koa-mount` says what it took off last, but not whether that still holds: what cannot be told may be any path. */
export function pathReadByKoa({ originalUrl, url, mountPath, newRouterPath }: KoaPath): string {
  if (newRouterPath !== undefined) return url === originalUrl ? newRouterPath : '*';
  if (url === originalUrl || mountPath === undefined) return url;
  return mountPath + url === originalUrl ? originalUrl : '*';
}

/** What h3's event tells of it. */
export interface H3Path {
  /** By which h3 2 chooses the handler. */
  readonly url?: { readonly pathname: string };
  /** By which h3 1 does. */
  readonly path?: string;
}

/** What its routers read. */
export function pathReadByH3({ url, path }: H3Path): string | undefined {
  return url?.pathname ?? path;
}

/** What a request of Next.js tells of it, in `proxy.js`: without the base path and the locale, by which Next looks for the page. */
export interface NextPath {
  readonly nextUrl?: { readonly pathname: string; readonly basePath?: string };
}

/** What Next reads beside the URL. A page's data (`/_next/data/<build>/pay.json`) is asked for where the proxy may still see that. */
export function targetsReadByNext(request: object): readonly string[] {
  const { nextUrl }: NextPath = request;
  if (nextUrl === undefined) return [];
  const { pathname, basePath = '' } = nextUrl;
  if (pathname.startsWith('/_next/data/')) return ['*'];
  return basePath === '' ? [pathname] : [pathname, basePath + pathname];
}

/** What SvelteKit's event tells of it. */
export interface SvelteKitPath {
  readonly url?: { readonly pathname: string };
  /** The route that was found, such as `/shapes/[id]`; the hook `reroute` may have led there. */
  readonly route?: { readonly id: string | null };
  readonly params?: { readonly [name: string]: string | undefined };
}

/** The path of the route that was found: that of a page for the page's data (`/account/__data.json`), too. */
export function pathReadBySvelteKit({ route, params = {}, url }: SvelteKitPath): string | undefined {
  const id = route?.id ?? null;
  if (id === null) return undefined;
  const segments = id.split('/').filter((segment) => !/^\(.*\)$/.test(segment));
  const path = segments.map((segment) =>
    segment.replace(PARAMETER, (_, code: string | undefined, name: string) => filled(code, params[name])),
  );
  const read = path.filter((segment) => segment !== '').map((segment) => `/${segment}`);
  // Routes are found with or without a slash at the end.
  return read.join('') + (read.length === 0 || url?.pathname.endsWith('/') === true ? '/' : '');
}

/** The same with the base path, and the path of the event: that of the page for the page's data, and with the base path even if nobody says it. */
export function targetsReadBySvelteKit(event: SvelteKitPath, base: string): readonly string[] {
  const read = base === '' ? undefined : pathReadBySvelteKit(event);
  const shown = event.url === undefined ? [] : [event.url.pathname];
  return read === undefined ? shown : [...shown, base + read];
}

/** `[id]`, `[[lang]]`, `[...rest]`, `[page=matcher]`, and characters by their number: `[x+3a]`, `[u+d83d-de00]`. */
const PARAMETER = /\[{1,2}(?:\.{3})?(?:[xu]\+([0-9a-f-]+)|(\w+)(?:=\w+)?)\]{1,2}/g;

function filled(code: string | undefined, value: string | undefined): string {
  return code === undefined ? (value ?? '') : String.fromCharCode(...code.split('-').map((hex) => Number.parseInt(hex, 16)));
}
