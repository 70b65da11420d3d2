/** What is shown of a request before anything of it was verified: bounded, and without the query. */

const LONGEST_PATH = 200;
const LONGEST_WORD = 16;

/** Kinds of clients, first match first. The client's own words are never shown: what it calls itself proves nothing. */
const SENDERS: readonly (readonly [pattern: RegExp, sender: string])[] = [
  [/okhttp|dalvik|android/i, 'Android app'],
  [/cfnetwork|darwin|iphone|ipad/i, 'iOS app'],
  [/^(?:curl|wget|httpie)/i, 'command line'],
  [/postman|insomnia|bruno/i, 'API tool'],
  [/^mozilla/i, 'browser'],
  [/python|java|go-http|node|axios|undici|ruby|php|bot|spider/i, 'script'],
];

/** What kind of client a user agent seems to be: one of few words. */
export function senderOf(userAgent: string): string {
  const start = userAgent.slice(0, 256);
  return SENDERS.find(([pattern]) => pattern.test(start))?.[1] ?? 'unknown';
}

/** The path of a target, cut. */
export function shownPath(target: string): string {
  const path = /^[^?#]*/.exec(target.slice(0, LONGEST_PATH + 1))?.[0] ?? '';
  return printable(path, LONGEST_PATH);
}

/** A method. */
export function shownWord(word: string): string {
  return printable(word, LONGEST_WORD);
}

/** Text in which nothing but what is visible stays, and which is cut with an ellipsis. */
export function printable(text: string, longest: number): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  // Controls, and what turns the direction of writing or is not seen at all.
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
