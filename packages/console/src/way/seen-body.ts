/** A request whose body can be looked at again, if the guard had read it. */
import type { BodyRead, RequestBody, RequestView } from 'approov-guard';

/** One request as the guard reads it, and as it is read again to be explained. */
export interface SeenBody {
  /** For the guard. */
  readonly request: RequestView;
  /** Whether the guard read the body. */
  readonly wasRead: () => boolean;
  /** For the explanation: what was not read stays unread, since the handler or nobody is to have it. */
  readonly replayed: () => RequestView;
}

/** Remembers what reading the body gave. */
export function seenBody(request: RequestView): SeenBody {
  let seen: BodyRead | null = null;
  const keep = (read: BodyRead): BodyRead => {
    seen = read;
    return read;
  };
  const { body } = request;
  if (body === undefined) return { request, wasRead: () => false, replayed: () => request };
  const watchedBody: RequestBody = {
    present: body.present,
    read: (maxBytes, allowance) => {
      const read = body.read(maxBytes, allowance);
      return 'then' in read ? read.then(keep) : keep(read);
    },
    discard: () => body.discard?.(),
  };
  const replayedBody: RequestBody = {
    present: body.present,
    read: () => seen ?? { outcome: 'gone', remedy: 'The guard did not read it.' },
  };
  return { request: withBody(request, watchedBody), wasRead: () => seen !== null, replayed: () => withBody(request, replayedBody) };
}

/** The same request with another body. Everything else is still asked of the request itself. */
function withBody(request: RequestView, body: RequestBody): RequestView {
  return new Proxy(request, {
    get: (target, name) => {
      if (name === 'body') return body;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
