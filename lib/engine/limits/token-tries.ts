import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { catchError, concatMap, from, map, type Observable, throwError } from 'rxjs';
import { AuthError } from '../../platform/common/auth.errors.js';
import { type Device, deviceOf, type DeviceRequest } from '../../platform/common/device.js';
import { Limits } from './limits.js';

/**
 * Counts links and refresh tokens that are no good, by the network they come from. Nobody guesses one; but who tries a
 * thousand a minute is after something, and is told to stop. What is good is neither counted nor refused.
 */
@Injectable()
export class TokenTries implements NestInterceptor {
  constructor(private readonly limits: Limits) {}

  /** @throws AuthError LIMIT_EXCEEDED for a bad one where the network has tried too many */
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const http = context.switchToHttp();
    const device = deviceOf(http.getRequest<DeviceRequest>());
    return next.handle().pipe(
      catchError((error: unknown) =>
        isBadToken(error)
          ? from(this.limits.countBadToken(device)).pipe(concatMap(() => throwError(() => error)))
          : throwError(() => error),
      ),
      // A page says no by its status.
      concatMap((answer) =>
        from(this.countPage(http.getResponse<{ statusCode: number }>(), device)).pipe(map(() => answer)),
      ),
    );
  }

  private async countPage({ statusCode }: { statusCode: number }, device: Device): Promise<void> {
    if (statusCode === 400) await this.limits.countBadToken(device);
  }
}

function isBadToken(error: unknown): boolean {
  return error instanceof AuthError && error.code.endsWith('_INVALID_TOKEN');
}
