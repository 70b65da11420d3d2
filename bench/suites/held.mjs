/** What the gateway holds in memory: WebSockets that say nothing, and an upload while it lasts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshKeys, freshToken } from '../lib/inputs/tokens.mjs';
import { placesOf } from '../lib/programs/places.mjs';
import { LOAD_CORE, SERVER_CORE } from '../lib/programs/processes.mjs';

const MIB = 2 ** 20;
const AT_ONCE = 100;
const UPLOAD_A_SECOND = 24 * MIB;
const STEP_MS = 20;

/** Opens a WebSocket and says nothing. @param {string} url @param {string} token @returns {Promise<import('node:net').Socket>} */
function webSocket(url, token) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const lines = ['GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', `Approov-Token: ${token}`];
    socket.write(`${lines.join('\r\n')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    socket.once('data', (answer) =>
      answer.toString('latin1').startsWith('HTTP/1.1 101 ') ? resolve(socket) : reject(new Error('the upgrade was refused')),
    );
    socket.once('error', reject);
  });
}

/** @param {string} url @param {string} token @param {number} seconds @param {() => void} sample - called as it goes */
async function upload(url, token, seconds, sample) {
  const chunk = Buffer.alloc((UPLOAD_A_SECOND * STEP_MS) / 1000);
  const request = httpRequest(url, { method: 'POST', headers: { 'approov-token': token, 'transfer-encoding': 'chunked' } });
  const answered = new Promise((resolve, reject) => {
    request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  const start = performance.now();
  for (let sent = 0; sent < seconds * UPLOAD_A_SECOND; sample()) {
    const due = ((performance.now() - start) / 1000) * UPLOAD_A_SECOND;
    for (; sent < due && !request.writableNeedDrain; sent += chunk.length) request.write(chunk);
    await pause(STEP_MS);
  }
  request.end();
  if ((await answered) !== 200) throw new Error('the upload was refused');
  return (seconds * UPLOAD_A_SECOND) / MIB / ((performance.now() - start) / 1000);
}

/** @param {import('../run.mjs').Settings} settings @param {import('../run.mjs').Report} report */
export async function run({ smoke, quick }, report) {
  const keys = freshKeys('HS256');
  const token = freshToken(keys);
  const folder = mkdtempSync(join(tmpdir(), 'bench-held-'));
  const places = await placesOf({ folder, secret: keys.secret.toString('base64') });
  const server = await places.holding(LOAD_CORE);
  const to = new URL(server.url).host;
  /** @param {string} name @param {object} settings @param {(url: string, resident: () => number) => Promise<{ [figure: string]: number }>} measure */
  const measured = async (name, settings, measure) => {
    const gateway = await places.gateway(SERVER_CORE, to, settings);
    const resident = gateway.resident ?? (() => 0);
    try {
      // What is made once is made by then.
      for (let count = 0; count < 100; count++) await fetch(gateway.url, { headers: { 'approov-token': token } });
      report({ suite: 'held', group: 'gateway', name, unit: 'MiB', figures: await measure(gateway.url, resident) });
    } finally {
      await gateway.stop();
    }
  };
  try {
    for (const [count, workers] of smoke
      ? [[20, 1]]
      : [
          [9500, 1],
          [10_000, 2],
        ])
      await measured(
        `${count} idle WebSockets, processes: ${workers}`,
        { workers, timeouts: { drainSeconds: 0 } },
        async (url, resident) => {
          const before = resident();
          const sockets = /** @type {import('node:net').Socket[]} */ ([]);
          try {
            while (sockets.length < Number(count))
              sockets.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count)) }, () => webSocket(url, token)))));
            await pause(smoke ? 0 : 5000);
            const added = resident() - before;
            return {
              'added MiB': added,
              'KiB for each': (added * 1024) / sockets.length,
              broken: sockets.filter(({ destroyed }) => destroyed).length,
            };
          } finally {
            for (const socket of sockets) socket.destroy();
          }
        },
      );
    const seconds = smoke ? 1 : quick ? 10 : 60;
    await measured(`an upload of 24 MiB/s for ${seconds} s`, { limits: { bodyBytes: null } }, async (url, resident) => {
      const before = resident();
      let highest = before;
      const rate = await upload(url, token, seconds, () => {
        highest = Math.max(highest, resident());
      });
      return { 'MiB/s': rate, 'added MiB, at most': highest - before };
    });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
