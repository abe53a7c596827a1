import type { Call } from './caller.js';

/** What a load knows when it asks: a session of its own, and the account's password. */
export interface Guest {
  email: string;
  password: string;
  access: string;
  refresh: string;
  /** Another one at every request. */
  count: number;
}

/** Requests to one endpoint again and again, each of which needs the database, and how it may be answered. */
export interface EndpointLoad {
  /** What is sent; `parameter` stands in the path. */
  call(guest: Guest): Omit<Call, 'method' | 'path'> & { parameter?: string };
  /** The statuses of an application whose database is there. */
  statuses: readonly number[];
  /** True where a request uses the session up. */
  endsSession?: true;
}

/** As long as a link token, and none: each of them is looked up. */
const unknownToken = ({ count }: Guest): string => `${count}`.padStart(64, 'x');
const withToken = (more: Record<string, string> = {}): EndpointLoad => ({
  call: (guest) => ({ body: { token: unknownToken(guest), ...more } }),
  statuses: [400],
});
const signedIn = (status: number, body?: (guest: Guest) => Record<string, unknown>): EndpointLoad => ({
  call: (guest) => ({ bearer: guest.access, ...(body && { body: body(guest) }) }),
  statuses: [status],
});
const inPath = (form?: Record<string, string>): EndpointLoad => ({
  call: (guest) => ({ parameter: unknownToken(guest), ...(form && { form }) }),
  statuses: [400],
});
const withRefreshToken = (status: number): EndpointLoad => ({
  call: ({ refresh }) => ({ body: { refresh_token: refresh } }),
  statuses: [status],
  endsSession: true,
});

const NEW_PASSWORD = 'quarry-Lantern-0ddba11';
const WRONG_PASSWORD = 'quarry-Lantern-badbadbad';
const newPassword = { new_password: NEW_PASSWORD };

/** By the names of docs/routes.md. What every flow does when it succeeds is left to visitors: here the server just goes away in its midst. */
export const ENDPOINT_LOADS: Readonly<Record<string, EndpointLoad>> = {
  signup: {
    call: ({ email, count, password }) => ({ body: { email: `${count}-${email}`, password } }),
    statuses: [201],
  },
  activate: withToken(),
  activateByPath: inPath(),
  resendActivation: { call: ({ email, count }) => ({ body: { email: `${count}-${email}` } }), statuses: [202] },
  activationPage: inPath(),
  login: { call: ({ email, password }) => ({ body: { email, password } }), statuses: [200] },
  refresh: withRefreshToken(200),
  logout: withRefreshToken(204),
  logoutAll: { ...signedIn(204), endsSession: true },
  listSessions: signedIn(200),
  endSession: {
    call: ({ access }) => ({ bearer: access, parameter: '019a0000-0000-7000-8000-000000000000' }),
    statuses: [404],
  },
  requestPasswordReset: { call: ({ email }) => ({ body: { email } }), statuses: [202] },
  confirmPasswordReset: withToken(newPassword),
  passwordResetPage: inPath(),
  passwordResetForm: inPath({ ...newPassword, confirm_password: NEW_PASSWORD }),
  changePassword: signedIn(400, () => ({ current_password: WRONG_PASSWORD, ...newPassword })),
  requestEmailChange: signedIn(202, ({ email, password, count }) => ({
    new_email: `moved-${count}-${email}`,
    current_password: password,
  })),
  confirmEmailChange: withToken(),
  undoEmailChange: withToken(),
  emailChangePage: inPath(),
  emailChangeForm: inPath({}),
  emailChangeUndoPage: inPath(),
  emailChangeUndoForm: inPath({}),
  me: signedIn(200),
  editProfile: signedIn(200, ({ count }) => ({ name: `Guest ${count}` })),
  replaceProfile: signedIn(200, ({ count }) => ({ name: `Guest ${count}` })),
  deleteAccount: signedIn(400, () => ({ current_password: WRONG_PASSWORD })),
  exportAccount: signedIn(200),
};
