/** The console is for development: in production it takes a flag. */

/** Why a console did not start. */
export class ConsoleError extends Error {
  override readonly name: string = 'ConsoleError';
  /** `production`: `NODE_ENV` says so. `page-missing`: the page was not built. `host`, `port`, `api`: that option is wrong. */
  readonly code: 'production' | 'page-missing' | 'host' | 'port' | 'api';

  constructor(code: ConsoleError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws ConsoleError in production, unless allowed */
export function refuseProduction(allowed: boolean): void {
  if (allowed || process.env.NODE_ENV !== 'production') return;
  throw new ConsoleError(
    'production',
    'The console shows requests and claims, and NODE_ENV is production. Leave it out there, or set `allowInProduction: true` if you know who can reach it.',
  );
}
