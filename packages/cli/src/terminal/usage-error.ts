/** A command line, file or secret that cannot be used: exit code 2. The message says what to do and never holds a secret. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
