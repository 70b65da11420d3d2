import { approov } from 'approov-guard/next';

const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
export const GET = approov(
  () => ({ keys }),
  () => Response.json({ message: 'Hello, World!' }),
);
