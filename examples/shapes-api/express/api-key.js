import { createHash, timingSafeEqual } from 'node:crypto';

// The public value of the demo. An API key identifies nothing: anyone can read it out of the app. That is why v3 asks for a token as well.
const API_KEY = process.env.API_KEY ?? 'yXClypapWNHIifHUWmBIyPFAm';

/**
 * Lets a request with the right `Api-Key` header on; answers 400 to the others.
 * @type {import('express').RequestHandler}
 */
export const apiKeyCheck = (req, res, next) => {
  const given = req.get('Api-Key');
  if (!given) res.status(400).json({ status: 'missing the api key in the request' });
  else if (!timingSafeEqual(digest(given), digest(API_KEY))) res.status(400).json({ status: 'invalid api key' });
  else next();
};

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}
