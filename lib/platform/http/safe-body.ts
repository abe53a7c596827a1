import type { Readable } from 'node:stream';
import { AuthError, type AuthErrorCode } from '../common/auth.errors.js';
import { isPlainObject } from '../common/plain-object.js';

/** Most bytes the body of a request to this module may have: 16 KB. */
export const BODY_LIMIT_BYTES = 16 * 1024;

/** Longest time such a body may take to arrive, in milliseconds. A modem of 1990 is quick enough. */
export const BODY_TIMEOUT_MS = 10_000;

const MAX_DEPTH = 4;
/** Most fields and list items, on all levels together. Each costs the validators 5 to 20 microseconds, 16 KB hold 8,000. */
const MAX_VALUES = 512;
const MAX_FORM_FIELDS = 20;
/** What separates the fields of a form. */
const AMPERSAND = 0x26;
const LONE_SURROGATE = /\p{Surrogate}/u;

// `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A body that passed {@link assertSafeBody}. */
export type SafeBody = Record<string, unknown>;

/**
 * Reads a stream to its end, but keeps no more than `limit` bytes of it, and waits no longer than `timeoutMs`: a client that
 * sends a byte now and then would hold the request for ever (Slowloris). What comes after is let go unread by anybody, so
 * that the answer can reach a client that is still sending.
 * @throws AuthError INPUT_TOO_LARGE above the limit, INPUT_TOO_SLOW after the time, INPUT_MALFORMED where the stream breaks
 * off
 */
export function readBody(stream: Readable, limit = BODY_LIMIT_BYTES, timeoutMs = BODY_TIMEOUT_MS): Promise<Buffer> {
  if (stream.destroyed) return Promise.reject(malformed());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer | string): void => {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length <= limit) {
        chunks.push(bytes);
        return;
      }
      refuse('INPUT_TOO_LARGE');
    };
    const onEnd = (): void => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const onBreak = (): void => {
      stop();
      reject(malformed());
    };
    const refuse = (code: AuthErrorCode): void => {
      stop();
      stream.resume();
      reject(new AuthError(code));
    };
    const timeout = setTimeout(refuse, timeoutMs, 'INPUT_TOO_SLOW');
    const stop = (): void => {
      clearTimeout(timeout);
      stream.off('data', onData).off('end', onEnd).off('close', onBreak);
    };
    // The error listener stays: a client that goes away after the answer must not bring the process down.
    stream.on('data', onData).on('end', onEnd).on('close', onBreak).on('error', onBreak);
  });
}

/**
 * Parses JSON text (RFC 8259), which must be valid UTF-8 without a byte order mark.
 * @throws AuthError INPUT_MALFORMED
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // Without a cause: the message of a SyntaxError repeats a part of the body, which may be a password.
    throw malformed();
  }
}

/**
 * Parses a form (`application/x-www-form-urlencoded`) of at most 20 fields. A name that comes twice is refused: two
 * readers of the same form could each take another value (parameter pollution).
 * @throws AuthError INPUT_MALFORMED
 */
export function parseForm(bytes: Uint8Array): Record<string, string> {
  if (hasMoreThan(MAX_FORM_FIELDS, AMPERSAND, bytes)) throw malformed();
  const fields = formFields(bytes);
  const form = Object.fromEntries(fields);
  if (fields.length > MAX_FORM_FIELDS || Object.keys(form).length !== fields.length) throw malformed();
  return form;
}

/**
 * Refuses what a stock validator would crash on, misread or take long for: anything but a plain object, more than four
 * levels, more than 512 fields and list items in all, ill-formed UTF-16 (two passwords would be stored as the same bytes), NUL (PostgreSQL refuses it, C code ends there)
 * and names that every object has already (prototype pollution). Walks level by level: recursion would let 5,000
 * brackets overflow the stack.
 * @throws AuthError INPUT_MALFORMED
 */
export function assertSafeBody(body: unknown): asserts body is SafeBody {
  if (!isPlainObject(body)) throw malformed();
  let level: object[] = [body];
  let values = 0;
  for (let depth = 1; level.length > 0; depth++) {
    // Counted before anything is looked at: a level is as wide as the one above it has allowed.
    for (const each of level) values += Array.isArray(each) ? each.length : Object.keys(each).length;
    if (depth > MAX_DEPTH || values > MAX_VALUES) throw malformed();
    level = level.flatMap(checkedChildren);
  }
}

/** True for well-formed UTF-16 without NUL. */
export function isSafeText(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

function hasMoreThan(most: number, byte: number, bytes: Uint8Array): boolean {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0 && count <= most; at = bytes.indexOf(byte, at + 1)) count++;
  return count > most;
}

function formFields(bytes: Uint8Array): [string, string][] {
  try {
    const text = utf8.decode(bytes);
    // URLSearchParams replaces bytes that are not UTF-8, so that different passwords would become the same text.
    decodeURIComponent(text);
    return [...new URLSearchParams(text)];
  } catch {
    throw malformed();
  }
}

/** Checks the names and values one container holds, and gives the containers among them. */
function checkedChildren(container: object): object[] {
  const isList = Array.isArray(container);
  if (!isList && !isPlainObject(container)) throw malformed();
  if (!isList && !Object.keys(container).every(isSafeName)) throw malformed();
  return Object.values(container).filter((value: unknown): value is object => {
    if (typeof value === 'object' && value !== null) return true;
    if (!isSafeScalar(value)) throw malformed();
    return false;
  });
}

function isSafeName(name: string): boolean {
  return isSafeText(name) && name !== 'prototype' && !(name in Object.prototype);
}

function isSafeScalar(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return isSafeText(value);
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === 'boolean' || value === null;
  }
}

function malformed(): AuthError {
  return new AuthError('INPUT_MALFORMED');
}
