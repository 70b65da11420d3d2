import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { approov } from 'approov-guard/grpc';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const definitions = loadSync(fileURLToPath(new URL('hello.proto', import.meta.url)));
const hello = /** @type {import('@grpc/grpc-js').ServiceDefinition} */ (definitions['hello.Hello']);

const server = new Server({ interceptors: [approov({ keys })] });
/** @type {import('@grpc/grpc-js').handleUnaryCall<object, { message: string }>} */
const hi = (_call, done) => done(null, { message: 'Hello, World!' });
server.addService(hello, { hi });

server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log(`Listening on ${host}:${port}`);
});
