export const GET = () => Response.json({ message: 'Hello, World!' });
