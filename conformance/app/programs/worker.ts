/** The program for workerd: one app, told by the environment. `/--verdicts` answers what the hook saw. */
import { type Hosted, hosted } from './hosted.ts';

let app: Hosted | undefined;

export default {
  async fetch(request: Request, env: { readonly HOSTING: string }): Promise<Response> {
    app ??= hosted(JSON.parse(env.HOSTING));
    if (new URL(request.url).pathname === '/--verdicts') return Response.json(app.takeVerdicts());
    try {
      return await app.fetch(request);
    } catch (error) {
      // Workers have no hook for errors: what a handler throws has to come out of the guard untouched.
      return app.onError(error);
    }
  },
};
