/** A view over a Node request whose target a router may have shortened, where the framework keeps the whole target beside it. */
import { type NodeRequest, NodeRequestView } from './view-node.ts';

/** Shows the target that the client sent. */
export class OriginalTargetView extends NodeRequestView {
  readonly #target: string;

  /**
   * @param request - Node's request
   * @param target - the target as the framework first saw it
   */
  constructor(request: NodeRequest, target: string) {
    super(request);
    this.#target = target;
  }

  override get target(): string {
    return this.#target;
  }
}
