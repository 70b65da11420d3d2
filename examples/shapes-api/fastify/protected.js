import { approov } from 'approov-guard/fastify';
import Fastify from 'fastify';
import { apiKeyProblem } from '../api-key.js';
import { guard, signatureText } from '../guard.js';
import { HOME_PAGE, randomForm, randomShape } from '../shapes.js';

const HELLO = 'Hello, World!';
const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const app = Fastify();

const tokenCheck = approov(guard);
const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });
// A token without `ipk` (fail-over) passes unsigned.
const signatureCheck = approov(guard, { signature: { missingKey: 'accept' } });

/** @type {import('fastify').onRequestAsyncHookHandler} */
const apiKeyCheck = async (request, reply) => {
  const problem = apiKeyProblem(request.headers['api-key']?.toString());
  if (problem !== null) return reply.code(400).send({ status: problem });
};

app.get('/', async (_request, reply) => reply.type('text/html').send(HOME_PAGE));

// v0: plain text, open.
app.get('/hello', async (_request, reply) => reply.type('text/plain').send(HELLO));
app.get('/shapes', async (_request, reply) => reply.type('text/plain').send(randomShape()));

// v1: JSON, open.
app.get('/v1/hello', async () => ({ text: HELLO }));
app.get('/v1/shapes', async () => ({ shape: randomShape() }));
app.get('/v1/forms', async () => ({ form: randomForm() }));

// v2: what an app needs to be genuine for. `/v2/forms` is what a user needs to be signed in for.
app.get('/v2/hello', async () => ({ text: HELLO }));
app.get('/v2/shapes', { onRequest: tokenCheck }, async () => ({ shape: randomShape() }));
app.get('/v2/forms', { onRequest: tokenBindingCheck }, async () => ({ form: randomForm() }));

// v3: as v2, for an API that also has an API key.
app.get('/v3/hello', async () => ({ text: HELLO, status: `${HELLO} (healthy)` }));
app.get('/v3/shapes', { onRequest: [tokenCheck, apiKeyCheck] }, async () => {
  const shape = randomShape();
  return { shape, status: `${shape} (approoved and api key valid)` };
});
app.get('/v3/forms', { onRequest: [tokenBindingCheck, apiKeyCheck] }, async () => {
  const form = randomForm();
  return { form, status: `${form} (approoved and api key valid)` };
});

// v5: as v3, the API key first; the request must be signed if the token carries the key of the app installation.
app.get('/v5/hello', async () => ({ text: HELLO, status: `${HELLO} (healthy)` }));
app.get('/v5/shapes', { onRequest: [apiKeyCheck, signatureCheck] }, async (request) => {
  const shape = randomShape();
  return { shape, status: `${shape} (approoved ${signatureText(request.approov)})` };
});

await app.listen({ port, host });
console.log(`Listening on http://${host}:${port}`);
