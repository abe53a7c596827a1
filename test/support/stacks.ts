import { availableDatabases, type DatabaseKind } from './databases.js';

/** What a flow must not notice: database, adapter, and the kind of key users have. */
export interface Stack {
  database: DatabaseKind;
  adapter: 'express' | 'fastify';
  integerKeys: boolean;
}

/**
 * Every database of this machine and, between them, either adapter with either kind of key: enough where a flow must
 * hold on each of them. For `describe.each(stacks())('... on $database with $adapter', (stack) => ...)`.
 */
export function stacks(): Stack[] {
  const [first = 'sqlite', ...others] = availableDatabases();
  return [
    { database: first, adapter: 'express', integerKeys: false },
    { database: first, adapter: 'fastify', integerKeys: true },
    ...others.map((database, index): Stack => {
      const isEven = index % 2 === 0;
      return { database, adapter: isEven ? 'fastify' : 'express', integerKeys: !isEven };
    }),
  ];
}

/** Every database with either kind of key: where the rows themselves are what a test is about. */
export function stacksWithEitherKey(): Stack[] {
  return availableDatabases().flatMap((database): Stack[] => [
    { database, adapter: 'express', integerKeys: false },
    { database, adapter: 'fastify', integerKeys: true },
  ]);
}
