// Peers that come without types of their own.
declare module 'jsonwebtoken';
declare module 'express-jwt';
declare module 'fast-proxy';
