import { approov } from 'approov-guard/next';

const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
export const proxy = approov(() => ({ keys, origin: 'https://api.example.com', signature: {} }));
export const config = { matcher: '/api/:path*' };
