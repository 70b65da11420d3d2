/** Next.js: route handlers behind a middleware, which has judged the request. */
import { errorResponse, handlerOf } from '../fetch-app.ts';
import { perSetup } from '../hosted-setup.ts';
import { routeOf } from '../routes.ts';
import { decisionIn } from './decision-header.ts';

const routesFor = perSetup(({ routes }) => routes);

async function handler(request: Request): Promise<Response> {
  const { behaviour } = routeOf(routesFor(request), new URL(request.url).pathname);
  const decision = decisionIn(request);
  try {
    return await handlerOf(behaviour)(decision === undefined ? request : Object.assign(request, { approov: decision }));
  } catch (error) {
    return errorResponse(error);
  }
}

export { handler as DELETE, handler as GET, handler as HEAD, handler as OPTIONS, handler as PATCH, handler as POST, handler as PUT };
