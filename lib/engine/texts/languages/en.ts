/**
 * Every text of the bundled mails and pages, in English. A key begins with the template it belongs to; those of several
 * come first. `{name}` stands for a value; without one it disappears together with the space before it.
 */
export const en = {
  greeting: 'Hello {name},',
  go_to_login: 'Go to login',
  back_to_login: 'Back to login',
  button_hint: 'If the button does not work, copy this link into your browser:',
  link_expiry: 'The link works once, until {expires_at}.',
  safety_footer: 'You get this mail because it concerns the safety of your account.',
  nothing_to_do: 'If that was you, there is nothing left to do.',
  was_not_you: 'If it was not you,',
  already_done: 'This link was used before, and it worked.',
  close_page: 'You can close this page.',
  close_page_and_login: 'You can close this page and log in.',

  'activation.title': 'Activate your account',
  'activation.preheader': 'One click confirms your address and activates your account.',
  'activation.lead': 'Thank you for signing up. Confirm that this is your address, and your account is ready to use.',
  'activation.button': 'Activate account',
  'activation.footer': 'You did not sign up? Then ignore this mail: without a click on the link, nothing happens.',

  'account_exists.title': 'You already have an account',
  'account_exists.preheader': 'Someone tried to use your address for another account.',
  'account_exists.lead':
    'Someone just tried to sign up with your address, or to move another account to it, but it already has an account. Nothing was changed.',
  'account_exists.advice':
    'If it was you, log in with the password you have. If you no longer know it, choose “Forgot password” on the login page.',
  'account_exists.footer': 'It was not you? Then ignore this mail: your account stays as it is.',

  'password_reset.title': 'Reset your password',
  'password_reset.preheader': 'Choose a new password for your account.',
  'password_reset.lead': 'Someone asked to reset the password of your account. If it was you, choose a new one here.',
  'password_reset.button': 'Choose a new password',
  'password_reset.warning': 'Do not share it: whoever has it can set your password.',
  'password_reset.footer': 'You did not ask for this? Then ignore this mail: your password stays as it is.',

  'password_changed_notice.title': 'Your password was changed',
  'password_changed_notice.preheader': 'If it was not you, reset your password now.',
  'password_changed_notice.lead':
    'The password of your account was just changed, and all other devices were logged out.',
  'password_changed_notice.advice':
    'reset your password at once: choose “Forgot password” on the login page. Then make sure that nobody else can read your mail.',

  'login_alert.title': 'Someone is trying to guess your password',
  'login_alert.preheader': 'Wrong passwords were entered for your account many times in a row.',
  'login_alert.lead':
    'Wrong passwords were entered for your account at least ten times in a row. None of them was right. Each further try has to wait, and on devices where you have logged in before you can log in as ever.',
  'login_alert.advice':
    'If it was you, choose a new password here. If it was not you, and your password is long and used nowhere else, there is nothing to do.',

  'session_reuse_notice.title': 'We logged out one of your devices',
  'session_reuse_notice.preheader': 'An old login was used again, so we ended that session to be safe.',
  'session_reuse_notice.lead':
    'An old login of one of your devices was used a second time. That can mean that someone copied it, so we ended that session. Other devices stay logged in.',
  'session_reuse_notice.login': 'Log in again to go on.',
  'session_reuse_notice.suspicion': 'If you suspect that someone else has access to your account,',
  'session_reuse_notice.advice':
    'reset your password as well: choose “Forgot password” on the login page. That logs out every device.',

  'email_change.title': 'Confirm your new address',
  'email_change.preheader': 'One click makes this the address of your account.',
  'email_change.lead':
    'Someone asked to make this the address of their account. If it was you, confirm it here. You are then logged out everywhere, and log in again with this address.',
  'email_change.button': 'Confirm new address',
  'email_change.footer':
    'You did not ask for this? Then ignore this mail: without a click on the link, nothing changes.',

  'email_change_notice.title': 'The address of your account was changed',
  'email_change_notice.preheader': 'If it was not you, take your account back now.',
  'email_change_notice.lead': 'Your account now has another address, and all devices were logged out.',
  'email_change_notice.advice':
    'take your account back: it gets this address again, the password of today stops working, and we mail you a link to choose a new one.',
  'email_change_notice.button': 'Take my account back',
  'email_change_notice.warning': 'Do not share it: whoever has it can undo the change.',

  'activation_confirm.lead':
    'One last step: press the button to confirm your address. Then your account is ready to use.',
  'activation_success.title': 'Account activated',
  'activation_success.heading': 'Your account is active',
  'activation_success.lead': 'Thank you. Your address is confirmed, and you can log in now.',
  'activation_success.already_title': 'Account already active',
  'activation_success.already_heading': 'Your account is already active',
  'activation_success.already_lead': 'This link was used before, and it worked. There is nothing left to do.',
  'activation_error.title': 'Account not activated',
  'activation_error.heading': 'Your account could not be activated',
  'activation_error.advice':
    'A link works once and for a limited time. If yours no longer works, log in or ask for a new one there.',

  'password_reset_form.title': 'Choose a new password',
  'password_reset_form.account': 'For the account',
  'password_reset_form.effect': 'All devices will be logged out.',
  'password_reset_form.new_password': 'New password',
  'password_reset_form.hint': 'At least {min} characters. A few unrelated words make a good password.',
  'password_reset_form.confirm_password': 'Repeat the new password',
  'password_reset_form.button': 'Set new password',
  'password_reset_form.different': 'The two passwords differ.',
  'password_reset_success.title': 'Password changed',
  'password_reset_success.heading': 'Your password is changed',
  'password_reset_success.lead': 'All devices were logged out. Log in with your new password to go on.',
  'password_reset_error.title': 'Password not changed',
  'password_reset_error.heading': 'Your password was not changed',
  'password_reset_error.advice':
    'A link works once and for a limited time. If yours no longer works, choose “Forgot password” on the login page to get a new one.',

  'email_change_confirm.lead':
    'Press the button, and {address} is the address of your account. All devices will be logged out.',
  'email_change_success.title': 'Address changed',
  'email_change_success.heading': 'Your address is changed',
  'email_change_success.lead': 'All devices were logged out. Log in with {address} and your password to go on.',
  'email_change_error.title': 'Address not changed',
  'email_change_error.heading': 'The address was not changed',
  'email_change_error.advice':
    'A link works once and for a limited time, and not while another account has the address.',
  'email_change_undo_confirm.title': 'Take your account back',
  'email_change_undo_confirm.lead':
    'Press the button, and {address} is the address of your account again. All devices will be logged out, the password stops working, and we mail you a link to choose a new one.',
  'email_change_undo_success.title': 'Account taken back',
  'email_change_undo_success.heading': 'You have your account back',
  'email_change_undo_success.lead':
    'A mail is on its way to {address}. Follow its link to choose a new password, then log in.',
  'email_change_undo_success.advice': 'Should the mail not arrive, choose “Forgot password” on the login page.',

  'error.ACTIVATION_INVALID_TOKEN': 'The activation link is invalid or has expired.',
  'error.SIGNUP_CONFLICT': 'A field of the signup is already used by another account.',
  'error.PASSWORD_RESET_INVALID_TOKEN': 'The password reset link is invalid or has expired.',
  'error.EMAIL_CHANGE_INVALID_TOKEN': 'The e-mail change link is invalid or has expired.',
  'error.INPUT_INVALID': 'The form was not filled in as it must be. Open the link again and try once more.',
  'error.INPUT_MALFORMED': 'The form or the link could not be read. Open the link again and try once more.',
  'error.INPUT_TOO_LARGE': 'The form is too large.',
  'error.INPUT_TOO_SLOW': 'The form took too long to arrive. Open the link again and try once more.',
  'error.INPUT_CROSS_SITE': 'The form was sent from another site. Open the link again and use the form there.',
  'error.LIMIT_EXCEEDED': 'Too many links from your network did not work. Try again in {minutes} minutes.',
  'error.SERVICE_BUSY': 'The service is busy; try again in a moment.',
  'error.SERVICE_FAILED': 'Something went wrong; it is not your fault. Try again later.',
  'error.SERVICE_UNAVAILABLE': 'The service is unavailable; try again in a moment.',

  'password.too_short': 'The password must have at least {min} characters.',
  'password.too_long': 'The password must have at most {max} characters and {bytes} bytes.',
  'password.ill_formed': 'The password must be well-formed Unicode text.',
  'password.unassigned': 'The password must not contain characters that this server does not know yet.',
  'password.no_lower_case': 'The password must contain a lower case letter.',
  'password.no_upper_case': 'The password must contain an upper case letter.',
  'password.no_digit': 'The password must contain a digit.',
  'password.no_symbol': 'The password must contain a symbol.',
  'password.common': 'The password is one of the most common ones.',
  'password.predictable': 'The password is a repetition or a sequence.',
  'password.context': 'The password is too close to the address or the name.',
  'password.breached': 'The password has appeared in a data breach.',
} as const;

/** A text by name. */
export type TextKey = keyof typeof en;

/** Every text in one language. */
export type Language = Readonly<Record<TextKey, string>>;
