/** `autocannon.mjs URL TOKENS SECONDS CONNECTIONS`: one token after the other, and the figures as one line of JSON. */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url = '', file = '', seconds = '1', connections = '32'] = process.argv.slice(2);
const tokens = readFileSync(file, 'utf8').split('\n');
const duration = Number(seconds);
// Requests are prepared for each connection: more than these few would take longer than the run.
const requests = tokens.slice(0, 50).map((token) => ({ headers: { 'approov-token': token, accept: 'application/json' } }));
const found = await autocannon({ url, connections: Number(connections), duration: Math.max(1, duration), requests });
const { average, total } = found.requests;
console.log(
  JSON.stringify({
    requests: total,
    perSecond: average,
    p50ms: found.latency.p50,
    p99ms: found.latency.p99,
    refused: found.non2xx,
    failed: found.errors + found.timeouts,
  }),
);
