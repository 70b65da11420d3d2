/** A bounded table that forgets what was not asked for lately. */

interface Place<Name, Entry> {
  name: Name;
  entry: Entry;
  /** Whether it was asked for since it was last considered for removal. */
  used: boolean;
}

/** So many places are considered for one removal: in a table where all are in use, looking further finds nothing better. */
const CONSIDERED = 8;

/**
 * Holds as many entries as it says. When it is full, a new entry takes the place of one that was not asked for lately: a hand goes round over the
 * places, lets those stay that were used since it last came by, and stops at the first that was not.
 */
export class RecentTable<Name, Entry> {
  readonly #maxEntries: number;
  readonly #places: Place<Name, Entry>[] = [];
  readonly #placeOf: Map<Name, Place<Name, Entry>> = new Map();
  #hand: number = 0;

  /** @param maxEntries - a whole number, 1 and more */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** How many entries are held. */
  get size(): number {
    return this.#places.length;
  }

  /** All entries. */
  get entries(): readonly Entry[] {
    return this.#places.map(({ entry }) => entry);
  }

  /** The entry of this name, if it is held. */
  get(name: Name): Entry | undefined {
    const place = this.#placeOf.get(name);
    if (place === undefined) return undefined;
    if (!place.used) place.used = true;
    return place.entry;
  }

  /** Puts an entry under a name. */
  set(name: Name, entry: Entry): void {
    let place = this.#placeOf.get(name);
    if (place === undefined) {
      place = this.#places.length < this.#maxEntries ? this.#newPlace(name, entry) : this.#takePlace(name);
      this.#placeOf.set(name, place);
    }
    place.entry = entry;
  }

  #newPlace(name: Name, entry: Entry): Place<Name, Entry> {
    const place = { name, entry, used: false };
    this.#places.push(place);
    return place;
  }

  #takePlace(name: Name): Place<Name, Entry> {
    let place = this.#nextPlace();
    for (let considered = 1; considered < CONSIDERED && place.used; considered++) {
      place.used = false;
      place = this.#nextPlace();
    }
    this.#placeOf.delete(place.name);
    place.name = name;
    place.used = false;
    return place;
  }

  #nextPlace(): Place<Name, Entry> {
    // The cast holds: the hand stays below the length of a list without holes.
    const place = this.#places[this.#hand] as Place<Name, Entry>;
    this.#hand = (this.#hand + 1) % this.#places.length;
    return place;
  }
}
