/** The values of structured fields (RFC 9651 §3). */

/** A bare item (RFC 9651 §3.3). Integers and decimals differ, since `1` and `1.0` are written differently. */
export type BareItem =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'decimal'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array<ArrayBuffer> }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  | { readonly type: 'date'; readonly value: number }
  | { readonly type: 'display-string'; readonly value: string };

/** Parameters in received order; of a key that occurs twice the last value counts, in the first one's place (RFC 9651 §4.2.3.2). */
export type Parameters = ReadonlyMap<string, BareItem>;

/** An item with its parameters. */
export interface Item {
  readonly kind: 'item';
  readonly value: BareItem;
  readonly parameters: Parameters;
}

/** An inner list with its parameters. */
export interface InnerList {
  readonly kind: 'inner-list';
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

/** A member of a list or a dictionary. */
export type Member = Item | InnerList;

/** A dictionary in received order. */
export type Dictionary = ReadonlyMap<string, Member>;
