import { availableDatabases, type DatabaseKind } from './databases.js';

/** What a flow must not notice: database, adapter, and the kind of key users have. */
export interface Variant {
  database: DatabaseKind;
  adapter: 'express' | 'fastify';
  integerKeys: boolean;
}

/** Every database with either adapter; UUID keys go with one, integer keys with the other. */
export function variants(): Variant[] {
  return availableDatabases().flatMap((database): Variant[] => [
    { database, adapter: 'express', integerKeys: false },
    { database, adapter: 'fastify', integerKeys: true },
  ]);
}
