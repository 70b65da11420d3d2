/** Something that the page asked for and that cannot be done; the page shows why. */
export class BuilderError extends Error {
  override readonly name: string = 'BuilderError';
}
