/** `approov-guard/views`: requests as the guard reads them, for hosts that no adapter covers. */
export { HandshakeView, type TokenPlace } from './adapters/sockets/view-handshake.ts';
export { type NodeRequest, NodeRequestView } from './http/view-node.ts';
export { type WebRequest, WebRequestView } from './http/view-web.ts';
