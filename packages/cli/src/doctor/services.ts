/** Key set, certificate and Redis, as this machine sees them. */
import { createHash, X509Certificate } from 'node:crypto';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { keysFromUrl } from 'approov-guard';
import { attempt, type Finding, finding, PATIENCE_MS } from './finding.ts';

const DAY_MS = 86_400_000;

/** Whether the guard could use the key set at a URL, and how old the copy is that it gets. */
export function keySetAt(url: string, now: number): Promise<Finding> {
  return attempt('key set', async () => {
    const source = keysFromUrl({ url });
    try {
      await source.warmUp?.(now);
    } finally {
      source.close?.();
    }
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await response.body?.cancel();
    const age = Number(response.headers.get('age') ?? 0);
    const seen = `reachable and usable${age > 0 ? `, a copy that is ${age} s old` : ''}`;
    return age > 3600
      ? finding('key set', 'warning', `${seen}: a cache before it hides rotations for so long`)
      : finding('key set', 'ok', seen);
  });
}

/** The public host's certificate against the pins that apps hold. @param pins - base64(SHA-256(SPKI)); empty: they are printed */
export function certificateOf(url: URL, pins: readonly string[], now: number): Promise<Finding> {
  return attempt('pins', async () => {
    const chain = await chainOf(url);
    const [leaf] = chain;
    if (leaf === undefined) return finding('pins', 'problem', 'the host shows no certificate');
    const own = chain.map(({ publicKey }) =>
      createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest('base64'),
    );
    const days = Math.floor((Date.parse(leaf.validTo) - now) / DAY_MS);
    const life = `the certificate is valid for ${days} more days`;
    if (pins.length === 0) return finding('pins', days < 30 ? 'warning' : 'ok', `${life}; its pin is ${own[0]}`);
    if (!pins.some((pin) => own.includes(pin)))
      return finding('pins', 'problem', `no pin fits the certificate: pinned apps cannot connect (MITM_DETECTED). Its pin is ${own[0]}`);
    return finding('pins', days < 30 ? 'warning' : 'ok', `${life}, and a pin fits`);
  });
}

function chainOf({ hostname, port }: URL): Promise<readonly X509Certificate[]> {
  return new Promise((resolve, reject) => {
    // Whether the chain is trusted is not asked: pins are about the keys in it.
    const socket = connectSecure({
      host: hostname,
      port: Number(port || 443),
      // An address is not a name (RFC 6066 §3).
      servername: isIP(hostname) ? '' : hostname,
      rejectUnauthorized: false,
      timeout: PATIENCE_MS,
    });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
    socket.once('secureConnect', () => {
      const chain: X509Certificate[] = [];
      for (let next = socket.getPeerCertificate(true); next?.raw !== undefined; next = next.issuerCertificate) {
        if (chain.some(({ raw }) => raw.equals(next.raw))) break;
        chain.push(new X509Certificate(next.raw));
      }
      socket.end();
      resolve(chain);
    });
  });
}

/** Whether a Redis can hold the replay store: nothing may be thrown out of it before its time. */
export function redisAt(url: URL): Promise<Finding> {
  return attempt('redis', async () => {
    const text = await info(url);
    const policy = /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
    if (/^-/.test(text)) return finding('redis', 'problem', 'it refuses INFO: check user, password and rights in the URL');
    if (policy === undefined) return finding('redis', 'skipped', 'it does not tell its eviction policy');
    if (policy === 'noeviction') return finding('redis', 'ok', 'reachable, maxmemory-policy noeviction');
    return finding('redis', 'problem', `maxmemory-policy is ${policy}: signatures may be forgotten early, and replayed. Set noeviction.`);
  });
}

function info({ hostname, port, username, password, protocol }: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const address = { host: hostname, port: Number(port || 6379) };
    const socket =
      protocol === 'rediss:' ? connectSecure({ ...address, servername: isIP(hostname) ? '' : hostname }) : connectPlain(address);
    let text = '';
    const words = [username, password].filter((word) => word !== '').map(decodeURIComponent);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
    socket
      .on('error', reject)
      .on('data', (chunk) => (text += chunk))
      .on('end', () => resolve(text.replace(/^\+OK\r\n/, '')));
    socket.write([...(words.length > 0 ? [command('AUTH', ...words)] : []), command('INFO', 'memory'), command('QUIT')].join(''));
  });
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
