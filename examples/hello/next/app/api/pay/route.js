// Behind proxy.js, which has verified the message signature.
export const POST = async (/** @type {Request} */ request) => Response.json({ paid: await request.json() });
