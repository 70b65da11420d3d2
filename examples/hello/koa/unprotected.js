import Koa from 'koa';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);

const app = new Koa();
app.use((context) => {
  if (context.path === '/') context.body = { message: 'Hello, World!' };
});

app.listen(port, host, () => console.log(`Listening on http://${host}:${port}`));
