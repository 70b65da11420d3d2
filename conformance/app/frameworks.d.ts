/** What is used of the frameworks that are installed only where their apps are built. */
declare module 'next/server' {
  export class NextResponse extends Response {
    static next(init?: { readonly request: { readonly headers: Headers } }): NextResponse;
  }
}
declare module '@sveltejs/kit/vite' {
  export function sveltekit(options: { readonly adapter: unknown; readonly csrf: { readonly trustedOrigins: readonly string[] } }): unknown;
}
declare module '@sveltejs/adapter-node' {
  export default function adapter(options?: { readonly precompress?: boolean }): unknown;
}
