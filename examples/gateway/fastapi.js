import { behindGateway } from './behind-gateway.js';

await behindGateway('fastapi');
