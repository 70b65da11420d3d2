/** A replay store in Durable Objects of Cloudflare: what all Workers of an account share. */

/** One shard. Export it from the Worker, and bind it. */
export class ReplayShard {
  #storage;

  /** @param {{ storage: { get(key: string): Promise<unknown>, put(key: string, value: unknown): Promise<void>, getAlarm(): Promise<number | null>, setAlarm(at: number): Promise<void>, list(options: object): Promise<Map<string, unknown>>, delete(keys: string[]): Promise<unknown> } }} state */
  constructor({ storage }) {
    this.#storage = storage;
  }

  /** @param {Request} request */
  async fetch(request) {
    const { key, until, now } = await request.json();
    // While an object waits for its storage it is given no other request: nothing comes between this look and what follows.
    const held = await this.#storage.get(key);
    if (typeof held === 'number' && held > now) return Response.json(false);
    await this.#storage.put(key, until);
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + 60_000);
    // The answer leaves when the entry is on disk.
    return Response.json(true);
  }

  /** Takes away what is over, some at a time. */
  async alarm() {
    let startAfter;
    for (;;) {
      const entries = await this.#storage.list({ limit: 128, ...(startAfter === undefined ? {} : { startAfter }) });
      const over = [...entries].filter(([, until]) => Number(until) <= Date.now() / 1000).map(([key]) => key);
      if (over.length > 0) await this.#storage.delete(over);
      startAfter = [...entries.keys()].at(-1);
      if (entries.size < 128) break;
    }
    if (startAfter !== undefined) await this.#storage.setAlarm(Date.now() + 60_000);
  }
}

/**
 * A store over shards. An object does some hundreds of entries a second, so take enough of them; never change the number while the Worker runs.
 * @param {{ idFromName(name: string): unknown, get(id: any): { fetch(url: string, init: RequestInit): Promise<Response> } }} namespace - the binding
 * @param {{ shards?: number, marginSeconds?: number, now?: () => number }} [options] - `marginSeconds`: how far the clocks of your Workers may
 * differ, default 60
 * @returns {import('approov-guard').ReplayStore}
 */
export function durableObjectReplayStore(namespace, { shards = 16, marginSeconds = 60, now = () => Date.now() } = {}) {
  return {
    async setIfAbsent(key, untilSeconds) {
      const seconds = now() / 1000;
      if (!(untilSeconds > seconds)) throw new RangeError('the time is past: nobody can tell any more whether the key is new');
      // The key is a hash: its characters are as good as random.
      const shard = [...key].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 65_521, 0) % shards;
      const object = namespace.get(namespace.idFromName(`replay-${shard}`));
      const body = JSON.stringify({ key, until: untilSeconds + marginSeconds, now: seconds });
      const response = await object.fetch('https://replay/', { method: 'POST', body });
      if (!response.ok) throw new Error(`the object answered ${response.status}`);
      return await response.json();
    },
  };
}
