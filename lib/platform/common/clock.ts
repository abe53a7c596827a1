import { Injectable } from '@nestjs/common';

/** The one source of time: issue and check always read the same clock, and tests move it. */
@Injectable()
export class Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Date.now();
  }
}
