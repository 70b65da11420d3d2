/** @param {{ locals: { approov: import('approov-guard').Decision } }} event */
export const GET = ({ locals }) => Response.json({ device: locals.approov.claims?.did });
