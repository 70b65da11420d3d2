import { serve } from '@hono/node-server';
import { approov } from 'approov-guard/hono';
import { Hono } from 'hono';
import { apiKeyProblem } from '../api-key.js';
import { guard, signatureText } from '../guard.js';
import { HOME_PAGE, randomForm, randomShape } from '../shapes.js';

const HELLO = 'Hello, World!';
const hostname = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const app = new Hono();

const tokenCheck = approov(guard);
const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });
// A token without `ipk` (fail-over) passes unsigned.
const signatureCheck = approov(guard, { signature: { missingKey: 'accept' } });

/** @type {import('hono').MiddlewareHandler} */
const apiKeyCheck = async (c, next) => {
  const problem = apiKeyProblem(c.req.header('Api-Key'));
  return problem === null ? next() : c.json({ status: problem }, 400);
};

app.get('/', (c) => c.html(HOME_PAGE));

// v0: plain text, open.
app.get('/hello', (c) => c.text(HELLO));
app.get('/shapes', (c) => c.text(randomShape()));

// v1: JSON, open.
app.get('/v1/hello', (c) => c.json({ text: HELLO }));
app.get('/v1/shapes', (c) => c.json({ shape: randomShape() }));
app.get('/v1/forms', (c) => c.json({ form: randomForm() }));

// v2: what an app needs to be genuine for. `/v2/forms` is what a user needs to be signed in for.
app.get('/v2/hello', (c) => c.json({ text: HELLO }));
app.get('/v2/shapes', tokenCheck, (c) => c.json({ shape: randomShape() }));
app.get('/v2/forms', tokenBindingCheck, (c) => c.json({ form: randomForm() }));

// v3: as v2, for an API that also has an API key.
app.get('/v3/hello', (c) => c.json({ text: HELLO, status: `${HELLO} (healthy)` }));
app.get('/v3/shapes', tokenCheck, apiKeyCheck, (c) => {
  const shape = randomShape();
  return c.json({ shape, status: `${shape} (approoved and api key valid)` });
});
app.get('/v3/forms', tokenBindingCheck, apiKeyCheck, (c) => {
  const form = randomForm();
  return c.json({ form, status: `${form} (approoved and api key valid)` });
});

// v5: as v3, the API key first; the request must be signed if the token carries the key of the app installation.
app.get('/v5/hello', (c) => c.json({ text: HELLO, status: `${HELLO} (healthy)` }));
app.get('/v5/shapes', apiKeyCheck, signatureCheck, (c) => {
  const shape = randomShape();
  return c.json({ shape, status: `${shape} (approoved ${signatureText(c.get('approov'))})` });
});

serve({ fetch: app.fetch, port, hostname }, () => console.log(`Listening on http://${hostname}:${port}`));
