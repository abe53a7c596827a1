import type { DataSource } from 'typeorm';

/** A value as it is written into a statement: text without quotes in it, a number, nothing. */
export type Plain = string | number | boolean | null;

const AT_ONCE = 1000;

/** Puts many rows into a table, past the application; all of them or none. */
export async function insertRows(
  tables: DataSource,
  table: string,
  count: number,
  rowOf: (index: number) => Readonly<Record<string, Plain>>,
): Promise<void> {
  const columns = Object.keys(rowOf(0));
  const into = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
  await tables.transaction(async (manager) => {
    for (let start = 0; start < count; start += AT_ONCE) {
      const rows = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, index) => rowOf(start + index));
      const values = rows.map((row) => `(${columns.map((column) => literal(row[column])).join(', ')})`);
      await manager.query(`${into} ${values.join(', ')}`);
    }
  });
}

function literal(value: Plain | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** A UUID v7 of a moment and a number: those of a later moment, or of a higher number, come after it. */
export function orderedUuid(at: number, number: number): string {
  const [time, counter] = [at.toString(16).padStart(12, '0'), number.toString(16).padStart(12, '0')];
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${counter}`;
}

/** Columns of an account that was activated at the beginning of time and has no password. */
export function userOf(id: string, number: number): Record<string, Plain> {
  const email = `many-${number}@example.com`;
  return { id, email, password_hash: '', is_active: true, email_verified_at: 0, created_at: 0, updated_at: number };
}
