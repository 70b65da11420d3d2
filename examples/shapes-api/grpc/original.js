import { Server, ServerCredentials } from '@grpc/grpc-js';
import { apiKeyCheck, shapeHandlers, shapeService } from './shapes-service.js';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.GRPC_PORT ?? 50051);

const server = new Server({ interceptors: [apiKeyCheck] });
server.addService(shapeService, shapeHandlers);

server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log(`Listening on ${host}:${port}`);
});
