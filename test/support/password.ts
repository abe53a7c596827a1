/** The password of whoever signs up in a test. */
export const PASSWORD = 'correct horse battery staple';
