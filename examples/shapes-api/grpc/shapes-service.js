import { fileURLToPath } from 'node:url';
import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { apiKeyProblem } from '../api-key.js';
import { randomShape } from '../shapes.js';

const MAX_SHAPES = 100;

const definitions = loadSync(fileURLToPath(new URL('shapes.proto', import.meta.url)));

/** The service, as the proto file describes it. */
export const shapeService = /** @type {import('@grpc/grpc-js').ServiceDefinition} */ (definitions['shapes.Shape']);

/** @type {import('@grpc/grpc-js').handleUnaryCall<object, { message: string }>} */
const shape = (_call, done) => done(null, { message: randomShape() });

/** @type {import('@grpc/grpc-js').handleServerStreamingCall<{ count: number }, { message: string }>} */
const shapes = (call) => {
  for (let left = Math.min(call.request.count, MAX_SHAPES); left > 0; left--) call.write({ message: randomShape() });
  call.end();
};

/** What answers the calls. None of it knows of keys and tokens. */
export const shapeHandlers = {
  /** @type {import('@grpc/grpc-js').handleUnaryCall<object, { message: string }>} */
  Hello: (_call, done) => done(null, { message: 'Hello, World!' }),
  Shape: shape,
  ApproovShape: shape,
  ApproovShapes: shapes,
};

/**
 * Ends calls without the API key in the metadata `api-key`, those of `Hello` excepted.
 * @type {import('@grpc/grpc-js').ServerInterceptor}
 */
export const apiKeyCheck = ({ path }, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          const problem = path === '/shapes.Shape/Hello' ? null : apiKeyProblem(metadata.get('api-key')[0]?.toString());
          if (problem === null) pass(metadata);
          else call.sendStatus({ code: status.UNAUTHENTICATED, details: problem });
        },
      }),
  });
