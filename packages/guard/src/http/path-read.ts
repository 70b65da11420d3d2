/** The path by which a framework chooses the handler, where that is not simply a member of the request. */

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
