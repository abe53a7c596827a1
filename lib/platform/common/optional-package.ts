/**
 * Loads a package that an application may do without; undefined where it does not have it.
 * @param load imports it; with its name in letters, so that tools see the dependency
 * @throws Error where the package is there and cannot be loaded, since a broken one is not an absent one
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if (isAbsent(error, name)) return undefined;
    const fix = 'Install it again with everything it depends on, or remove it: nestjs-gatehouse works without it.';
    throw new Error(`${name} is installed, but cannot be loaded. ${fix}`, { cause: error });
  }
}

/** A package that fails for want of one of its own dependencies fails with the same code, about another name. */
function isAbsent(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return false;
  return error.message.startsWith(`Cannot find package '${name}'`);
}
