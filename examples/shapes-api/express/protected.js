import { approov } from 'approov-guard/express';
import express from 'express';
import { apiKeyProblem } from '../api-key.js';
import { guard, signatureText } from '../guard.js';
import { HOME_PAGE, randomForm, randomShape } from '../shapes.js';

const HELLO = 'Hello, World!';
const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const app = express();

const tokenCheck = approov(guard);
const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });
// A token without `ipk` (fail-over) passes unsigned.
const signatureCheck = approov(guard, { signature: { missingKey: 'accept' } });

/** @type {import('express').RequestHandler} */
const apiKeyCheck = (req, res, next) => {
  const problem = apiKeyProblem(req.get('Api-Key'));
  if (problem === null) next();
  else res.status(400).json({ status: problem });
};

app.get('/', (_req, res) => {
  res.type('html').send(HOME_PAGE);
});

// v0: plain text, open.
app.get('/hello', (_req, res) => {
  res.type('text').send(HELLO);
});
app.get('/shapes', (_req, res) => {
  res.type('text').send(randomShape());
});

// v1: JSON, open.
app.get('/v1/hello', (_req, res) => {
  res.json({ text: HELLO });
});
app.get('/v1/shapes', (_req, res) => {
  res.json({ shape: randomShape() });
});
app.get('/v1/forms', (_req, res) => {
  res.json({ form: randomForm() });
});

// v2: what an app needs to be genuine for. `/v2/forms` is what a user needs to be signed in for.
app.get('/v2/hello', (_req, res) => {
  res.json({ text: HELLO });
});
app.get('/v2/shapes', tokenCheck, (_req, res) => {
  res.json({ shape: randomShape() });
});
app.get('/v2/forms', tokenBindingCheck, (_req, res) => {
  res.json({ form: randomForm() });
});

// v3: as v2, for an API that also has an API key.
app.get('/v3/hello', (_req, res) => {
  res.json({ text: HELLO, status: `${HELLO} (healthy)` });
});
app.get('/v3/shapes', tokenCheck, apiKeyCheck, (_req, res) => {
  const shape = randomShape();
  res.json({ shape, status: `${shape} (approoved and api key valid)` });
});
app.get('/v3/forms', tokenBindingCheck, apiKeyCheck, (_req, res) => {
  const form = randomForm();
  res.json({ form, status: `${form} (approoved and api key valid)` });
});

// v5: as v3, the API key first; the request must be signed if the token carries the key of the app installation.
app.get('/v5/hello', (_req, res) => {
  res.json({ text: HELLO, status: `${HELLO} (healthy)` });
});
app.get('/v5/shapes', apiKeyCheck, signatureCheck, (req, res) => {
  const shape = randomShape();
  res.json({ shape, status: `${shape} (approoved ${signatureText(req.approov)})` });
});

const server = app.listen(port, host);
server.on('listening', () => console.log(`Listening on http://${host}:${port}`));
