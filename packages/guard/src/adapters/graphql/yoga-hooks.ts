/** What is needed of GraphQL Yoga's hooks, and of envelop's below them. */
import type { WebRequest } from '../../http/view-web.ts';

/** A request has come by HTTP. */
export interface RequestHook {
  readonly request: WebRequest;
  /** On Node, Yoga keeps Node's request here. */
  readonly serverContext?: (object & { readonly req?: unknown }) | undefined;
  endResponse(response: Response): void;
}

/** The context of an operation is made. */
export interface ContextHook {
  readonly context: object;
  /** A method that takes any object: Yoga's takes only what the plugin's context names, and a bare `Plugin` names nothing. */
  extendContext(extension: object): void;
}

/** An operation is about to run, perhaps with a context of somebody else's making. */
export interface OperationHook {
  readonly args: { readonly contextValue?: unknown };
  extendContext(extension: object): void;
}

/** A plugin for `createYoga`. */
export interface YogaPlugin {
  onRequest(hook: RequestHook): Promise<void>;
  onContextBuilding(hook: ContextHook): Promise<void>;
  onExecute(hook: OperationHook): Promise<void>;
  onSubscribe(hook: OperationHook): Promise<void>;
}
