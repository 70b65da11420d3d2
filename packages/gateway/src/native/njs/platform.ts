/** What njs 0.7.9 lacks of the language's library. Newer ones have it, and keep their own. */

/** A record of texts, as far as the checks use maps. */
class SmallMap {
  readonly entries: { [name: string]: unknown } = Object.create(null);
  constructor(pairs: readonly (readonly [string, unknown])[] = []) {
    for (const [name, value] of pairs) this.entries[name] = value;
  }
  get(name: string): unknown {
    return this.entries[name];
  }
  has(name: string): boolean {
    return name in this.entries;
  }
  set(name: string, value: unknown): this {
    this.entries[name] = value;
    return this;
  }
}

/** A list without repetitions: what makes lists of sets makes a list of it. */
function SmallSet(members: readonly unknown[] = []): unknown[] {
  const list = members.filter((member, index) => members.indexOf(member) === index) as unknown[] & { has?: unknown; add?: unknown };
  const has = (member: unknown): boolean => list.indexOf(member) >= 0;
  Object.defineProperty(list, 'has', { value: has });
  Object.defineProperty(list, 'add', { value: (member: unknown) => has(member) || list.push(member), configurable: true });
  return list;
}

export { SmallMap, SmallSet };
