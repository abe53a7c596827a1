/** @nestjs/swagger, an optional peer: loaded where the application has it, and never before the module is wired. */
export type Swagger = typeof import('@nestjs/swagger');

/** Undefined where the application does not have it. */
export async function loadSwagger(): Promise<Swagger | undefined> {
  try {
    return await import('@nestjs/swagger');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** True for an absent package; one that is there and broken is for the application to know. */
function isAbsent(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes("'@nestjs/swagger'");
}
