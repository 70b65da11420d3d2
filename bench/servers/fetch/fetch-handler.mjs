/** One fetch handler for every platform that takes one. */
import { approov } from 'approov-guard/web';
import { verify } from 'hono/jwt';
import { BODY, HEADER, hmacKey, IDLE } from '../given.mjs';

const HEADERS = { 'content-type': 'application/json' };

/** @returns {Response} */
const handler = () => new Response(BODY, { headers: HEADERS });

/** @param {import('../given.mjs').Given} given @param {string} protection @returns {Promise<(request: Request) => Response | Promise<Response>>} */
export async function fetchHandler({ guard, secret }, protection) {
  if (protection === IDLE) return () => handler();
  if (protection === 'guard') return approov(guard, handler);
  if (protection !== 'hono/jwt') return handler;
  const key = await hmacKey(secret);
  return async (request) => {
    try {
      await verify(request.headers.get(HEADER) ?? '', key, 'HS256');
    } catch {
      return new Response('{}', { status: 401, headers: HEADERS });
    }
    return handler();
  };
}
