// A web-standard handler: Deno, Bun and edge workers serve this module as it is. On Node, `npm run example` puts it on a socket.
import { approov } from 'approov-guard/web';

/** @param {Request} request */
function hello(request) {
  const found = new URL(request.url).pathname === '/';
  return Response.json(found ? { message: 'Hello, World!' } : {}, { status: found ? 200 : 404 });
}

const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
export default { fetch: approov({ keys, signature: {} }, hello) };
