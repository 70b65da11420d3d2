/** What the core sees of a request. One contract, one view a platform (`src/http/view-*.ts`). */

/** A request as it arrived. Views read lazily: what is not asked for is not copied. */
export interface RequestView {
  /** The method, in the case in which it was sent. */
  readonly method: string;
  /** The scheme as the client saw it, lower case, or `null` where it is unknown. */
  readonly scheme: string | null;
  /** The authority as the client saw it: host and, if sent, port; or `null` where it is unknown. */
  readonly authority: string | null;
  /** The request target exactly as it was sent: never decoded, never normalised. */
  readonly target: string;
  /**
   * The field lines with this name, as they arrived, duplicates kept, in order. Each character stands for one byte (ISO-8859-1).
   * @param name - the field name in lower case
   */
  lines(name: string): readonly string[];
  /** True where the platform joins repeated lines with `, ` before anybody can see them (Fetch `Headers`). Default: false. */
  readonly joinsLines?: boolean;
}

/** Removes optional white space (SP and HTAB, RFC 9110 §5.6.3) from both ends of a field value. */
export function trimOptionalWhiteSpace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpaceOrTab(value.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
