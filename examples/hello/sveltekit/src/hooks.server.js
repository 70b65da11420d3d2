import { approov } from 'approov-guard/sveltekit';

export const handle = approov({
  keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } },
  exempt: ['/about', '/_app/immutable/*'],
  origin: 'https://api.example.com',
  routes: [
    { match: { path: '/api/account' }, binding: { headers: ['authorization'] } },
    { match: { path: '/api/pay' }, signature: {} },
  ],
});
