/**
 * What njs 0.7.9 lacks of the language's library, as far as the checks use it. nginx runs the whole file again for each request: making one of these
 * costs nothing, and few are ever asked.
 */

/** A map of few texts. */
class SmallMap {
  readonly pairs: (readonly [string, unknown])[];
  constructor(pairs: readonly (readonly [string, unknown])[] = []) {
    this.pairs = pairs as (readonly [string, unknown])[];
  }
  get(name: string): unknown {
    for (let at = 0; at < this.pairs.length; at++) if (this.pairs[at]?.[0] === name) return this.pairs[at]?.[1];
    return undefined;
  }
  has(name: string): boolean {
    return this.pairs.some(([one]) => one === name);
  }
  set(name: string, value: unknown): this {
    this.pairs.unshift([name, value]);
    return this;
  }
}

/** A set of few values. ES5 walks by index what ES6 iterates: the members are where those of a list are. */
class SmallSet {
  length: number = 0;
  readonly [index: number]: unknown;
  constructor(members: readonly unknown[] = []) {
    for (let at = 0; at < members.length; at++) this.add(members[at]);
  }
  has(member: unknown): boolean {
    return Array.prototype.indexOf.call(this, member) >= 0;
  }
  add(member: unknown): this {
    if (!this.has(member)) Array.prototype.push.call(this, member);
    return this;
  }
}

export { SmallMap, SmallSet };
