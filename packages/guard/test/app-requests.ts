/** Requests of an app, such that each client library has something to get right. */
import type { AppRequest, HeaderLine } from '@approov-guard/testkit';

const json: readonly HeaderLine[] = [
  ['Content-Type', 'application/json'],
  ['Authorization', 'Bearer a'],
];

export const APP_REQUESTS: { readonly [name: string]: AppRequest } = {
  'GET of the root': { method: 'GET', url: 'https://api.example.com/' },
  'GET of the root without a slash': { method: 'GET', url: 'https://api.example.com' },
  'GET with a query': { method: 'GET', url: 'https://api.example.com/v1/items?a=1&b=%20x+y&c' },
  'GET at another port': { method: 'GET', url: 'https://api.example.com:8443/v1/%7Ex/../y' },
  'GET with characters that java.net.URI refuses': { method: 'GET', url: 'https://api.example.com/a[1]?ids=1|2&j={"^`\\}&p=100%' },
  'POST of JSON': { method: 'POST', url: 'https://api.example.com/v1/items', headers: json, body: '{"a":1}' },
  'POST of bytes': { method: 'POST', url: 'https://api.example.com/v1/items', body: Uint8Array.from([0, 255, 10, 13, 128]) },
};
