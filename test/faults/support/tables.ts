import { DataSource } from 'typeorm';
import type { TestDatabase } from '../../support/new-database.js';

/** Opens the database, past the application, for as long as `look` takes. */
export async function onTables<T>({ options }: TestDatabase, look: (tables: DataSource) => Promise<T>): Promise<T> {
  const tables = await new DataSource(options).initialize();
  try {
    return await look(tables);
  } finally {
    await tables.destroy();
  }
}
