import Router from '@koa/router';
import { approov } from 'approov-guard/koa';
import Koa from 'koa';
import { apiKeyProblem } from '../api-key.js';
import { guard, signatureText } from '../guard.js';
import { HOME_PAGE, randomForm, randomShape } from '../shapes.js';

const HELLO = 'Hello, World!';
const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const router = new Router();

const tokenCheck = approov(guard);
const tokenBindingCheck = approov(guard, { binding: { headers: ['authorization'] } });
// A token without `ipk` (fail-over) passes unsigned.
const signatureCheck = approov(guard, { signature: { missingKey: 'accept' } });

/** @type {import('koa').Middleware} */
const apiKeyCheck = async (ctx, next) => {
  const problem = apiKeyProblem(ctx.get('Api-Key'));
  if (problem === null) return next();
  ctx.status = 400;
  ctx.body = { status: problem };
};

router.get('/', (ctx) => {
  ctx.type = 'html';
  ctx.body = HOME_PAGE;
});

// v0: plain text, open.
router.get('/hello', (ctx) => {
  ctx.body = HELLO;
});
router.get('/shapes', (ctx) => {
  ctx.body = randomShape();
});

// v1: JSON, open.
router.get('/v1/hello', (ctx) => {
  ctx.body = { text: HELLO };
});
router.get('/v1/shapes', (ctx) => {
  ctx.body = { shape: randomShape() };
});
router.get('/v1/forms', (ctx) => {
  ctx.body = { form: randomForm() };
});

// v2: what an app needs to be genuine for. `/v2/forms` is what a user needs to be signed in for.
router.get('/v2/hello', (ctx) => {
  ctx.body = { text: HELLO };
});
router.get('/v2/shapes', tokenCheck, (ctx) => {
  ctx.body = { shape: randomShape() };
});
router.get('/v2/forms', tokenBindingCheck, (ctx) => {
  ctx.body = { form: randomForm() };
});

// v3: as v2, for an API that also has an API key.
router.get('/v3/hello', (ctx) => {
  ctx.body = { text: HELLO, status: `${HELLO} (healthy)` };
});
router.get('/v3/shapes', tokenCheck, apiKeyCheck, (ctx) => {
  const shape = randomShape();
  ctx.body = { shape, status: `${shape} (approoved and api key valid)` };
});
router.get('/v3/forms', tokenBindingCheck, apiKeyCheck, (ctx) => {
  const form = randomForm();
  ctx.body = { form, status: `${form} (approoved and api key valid)` };
});

// v5: as v3, the API key first; the request must be signed if the token carries the key of the app installation.
router.get('/v5/hello', (ctx) => {
  ctx.body = { text: HELLO, status: `${HELLO} (healthy)` };
});
router.get('/v5/shapes', apiKeyCheck, signatureCheck, (ctx) => {
  const shape = randomShape();
  ctx.body = { shape, status: `${shape} (approoved ${signatureText(ctx.approov)})` };
});

const app = new Koa();
app.use(router.routes());
app.listen(port, host, () => console.log(`Listening on http://${host}:${port}`));
