/**
 * The message of an error for one record of the log: without control characters, with which whoever has a say in it could
 * forge another record, or colour the terminal (CWE-117).
 */
export function oneLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'unknown error';
  return message.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 500);
}
