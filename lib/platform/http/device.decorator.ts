import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Device as RequestDevice, deviceOf, type DeviceRequest } from '../common/device.js';

/** Where a request comes from. */
export type Device = RequestDevice;

/** The {@link Device} a request comes from. */
export const Device = createParamDecorator((_data: unknown, context: ExecutionContext): Device =>
  deviceOf(context.switchToHttp().getRequest<DeviceRequest>()),
);
