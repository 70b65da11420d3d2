/** A bounded table that forgets what was not asked for lately. */

/**
 * Holds at most `maxEntries` entries in two generations, which makes forgetting one step: when the younger is full it becomes the elder, and
 * the elder goes. What is found in the elder is young again.
 */
export class RecentTable<Name, Entry> {
  readonly #perGeneration: number;
  #young: Map<Name, Entry> = new Map();
  #old: Map<Name, Entry> = new Map();

  /** @param maxEntries - 2 and more */
  constructor(maxEntries: number) {
    this.#perGeneration = Math.floor(maxEntries / 2);
  }

  /** The entry of this name, if it was put or found lately. */
  get(name: Name): Entry | undefined {
    const young = this.#young.get(name);
    if (young !== undefined || this.#old.size === 0) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  /** Puts an entry under a name. */
  set(name: Name, entry: Entry): void {
    if (this.#young.size >= this.#perGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, entry);
  }
}
