import { createHash, timingSafeEqual } from 'node:crypto';

// The public value of the demo. An API key identifies nothing: anyone can read it out of the app. That is why v3 asks for a token as well.
const API_KEY = process.env.API_KEY ?? 'yXClypapWNHIifHUWmBIyPFAm';

/**
 * What is wrong with the header `Api-Key`; `null` if nothing is. The answer to the rest is 400 and this text.
 * @param {string | undefined} given
 */
export function apiKeyProblem(given) {
  if (!given) return 'missing the api key in the request';
  return timingSafeEqual(digest(given), digest(API_KEY)) ? null : 'invalid api key';
}

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}
