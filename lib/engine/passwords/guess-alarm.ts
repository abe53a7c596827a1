import type { Device } from '../../platform/common/device.js';
import type { Account } from '../../platform/data/entities/base-user.entity.js';

/** Failures in a row after which the owner of an account should know. */
export const ALARM_AFTER = 10;

/** Tells the owner of an account that somebody is guessing its password. Level basic, which sends no mail, has none. */
export abstract class GuessAlarm {
  /** Nobody waits for it: the time of an answer must not tell that there is somebody to be told. */
  abstract raise(account: Account, device: Device): void;
}
