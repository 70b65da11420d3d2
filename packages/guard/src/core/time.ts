/** Time as RFC 7519 counts it. The core never reads a clock: the moment of judgement is always an argument. */

/** Seconds, as a moment since 1970-01-01T00:00:00Z (NumericDate, RFC 7519 §2; fractions are legal) or as a duration. */
export type Seconds = number;

/** A count of bytes. */
export type Bytes = number;

/**
 * The end of the year 9999: what lasts longer is told to others as lasting until then. Tokens may say any number, and neither stores of others
 * nor their policies hold them all.
 */
export const LATEST_MOMENT: Seconds = 253_402_300_799;
