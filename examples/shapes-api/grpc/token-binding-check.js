import { Server, ServerCredentials } from '@grpc/grpc-js';
import { approov } from 'approov-guard/grpc';
import { apiKeyCheck, shapeHandlers, shapeService } from './shapes-service.js';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.GRPC_PORT ?? 50051);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
const exempt = ['/shapes.Shape/Hello', '/shapes.Shape/Shape'];

const server = new Server({ interceptors: [approov({ keys, exempt, binding: { headers: ['authorization'] } }), apiKeyCheck] });
server.addService(shapeService, shapeHandlers);

server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log(`Listening on ${host}:${port}`);
});
