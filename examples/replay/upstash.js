/** A replay store over Redis by HTTP, as Upstash offers it to functions that keep no connection. It needs `fetch` alone. */
import { redisReplayStore } from 'approov-guard';

/**
 * One `SET key 1 EX seconds NX` in one HTTP request. It is not sent again if it fails: the store may have the entry already, and the client's own
 * request would be taken for a replay. (Upstash's own client repeats: set `retry: false` there.)
 * @param {{ url: string, token: string }} database - UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
 * @param {import('approov-guard').RedisReplayOptions} [options] - as for any Redis
 */
export function upstashReplayStore({ url, token }, options = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return redisReplayStore(
    async (command) => {
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(command) });
      if (!response.ok) throw new Error(`the database answered ${response.status}`);
      return (await response.json()).result;
    },
    { timeoutSeconds: 1, ...options },
  );
}
