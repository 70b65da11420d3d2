/** @param {{ request: Request }} event */
export const POST = async ({ request }) => Response.json({ paid: await request.json() });
