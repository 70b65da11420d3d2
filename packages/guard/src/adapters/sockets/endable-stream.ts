/** A stream that can be ended from outside. */

/** The stream, and a function that ends it: the source is cancelled, and the reader sees a regular end. */
export interface EndableStream<Chunk> {
  readonly readable: ReadableStream<Chunk>;
  end(): void;
}

/**
 * Makes a stream endable.
 * @param source - the stream to read from
 * @param ended - called once, however it ends
 */
export function endableStream<Chunk>(source: ReadableStream<Chunk>, ended: () => void): EndableStream<Chunk> {
  const reader = source.getReader();
  let open = true;
  const leave = (): boolean => {
    if (!open) return false;
    open = false;
    ended();
    return true;
  };
  let controller: ReadableStreamDefaultController<Chunk>;
  const readable = new ReadableStream<Chunk>({
    start: (given) => {
      controller = given;
    },
    pull: async () => {
      try {
        const { done, value } = await reader.read();
        if (!done && open) controller.enqueue(value);
        else if (done && leave()) controller.close();
      } catch (error) {
        if (leave()) controller.error(error);
      }
    },
    cancel: (reason) => {
      leave();
      return reader.cancel(reason);
    },
  });
  const end = (): void => {
    if (!leave()) return;
    controller.close();
    reader.cancel().catch(() => undefined);
  };
  return { readable, end };
}
