/** The listener fits the functions framework 5, and types `request.approov`. */
import { type HttpFunction, http, type Request, type Response } from '@google-cloud/functions-framework';
import type { Decision, Guard, GuardOptions } from 'approov-guard';
import { approov } from 'approov-guard/google-cloud-functions';
import { proves, type Same } from './same.ts';

declare const guard: Guard;
declare const options: GuardOptions;

export const plain: HttpFunction = approov(options, (_request, response) => response.end('hello'));
http(
  'shapes',
  approov(guard, (request: Request & { approov: Decision }, response: Response) => {
    proves<Same<typeof request.approov, Decision>>();
    // @ts-expect-error: claims may be absent
    request.approov.claims.did;
    request.rawBody satisfies Uint8Array | undefined;
    response.json({ device: request.approov.claims?.did satisfies string | undefined });
  }),
);
http(
  'pay',
  approov<Request, Response>(guard, (_request, response) => response.send('paid'), { binding: { headers: ['authorization'] } }),
);

// @ts-expect-error: a handler is needed
approov(guard);
// @ts-expect-error: a route has no keys
approov(guard, () => undefined, { keys: { secret: { base64: 'x' } } });
