import type { Language } from './en.js';

/** Deutsch. */
export const de: Language = {
  greeting: 'Guten Tag {name},',
  go_to_login: 'Zur Anmeldung',
  back_to_login: 'Zurück zur Anmeldung',
  button_hint: 'Falls die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:',
  link_expiry: 'Der Link gilt einmal, bis {expires_at}.',
  safety_footer: 'Sie erhalten diese E-Mail, weil sie die Sicherheit Ihres Kontos betrifft.',
  nothing_to_do: 'Wenn Sie das waren, ist nichts weiter zu tun.',
  was_not_you: 'Wenn Sie das nicht waren,',
  already_done: 'Dieser Link wurde schon benutzt, und es hat geklappt.',
  close_page: 'Sie können diese Seite schließen.',
  close_page_and_login: 'Sie können diese Seite schließen und sich anmelden.',

  'activation.title': 'Konto aktivieren',
  'activation.preheader': 'Ein Klick bestätigt Ihre Adresse und aktiviert Ihr Konto.',
  'activation.lead':
    'Danke für Ihre Registrierung. Bestätigen Sie, dass dies Ihre Adresse ist, dann ist Ihr Konto bereit.',
  'activation.button': 'Konto aktivieren',
  'activation.footer':
    'Sie haben sich nicht registriert? Dann ignorieren Sie diese E-Mail: Ohne einen Klick auf den Link geschieht nichts.',

  'account_exists.title': 'Sie haben bereits ein Konto',
  'account_exists.preheader': 'Jemand wollte Ihre Adresse für ein anderes Konto verwenden.',
  'account_exists.lead':
    'Gerade wollte sich jemand mit Ihrer Adresse registrieren oder ein anderes Konto auf sie umstellen, aber zu ihr gibt es schon ein Konto. Es wurde nichts geändert.',
  'account_exists.advice':
    'Wenn Sie das waren, melden Sie sich mit Ihrem Passwort an. Wenn Sie es nicht mehr wissen, wählen Sie auf der Anmeldeseite „Passwort vergessen“.',
  'account_exists.footer': 'Sie waren das nicht? Dann ignorieren Sie diese E-Mail: Ihr Konto bleibt, wie es ist.',

  'password_reset.title': 'Passwort zurücksetzen',
  'password_reset.preheader': 'Wählen Sie ein neues Passwort für Ihr Konto.',
  'password_reset.lead':
    'Jemand möchte das Passwort Ihres Kontos zurücksetzen. Wenn Sie das sind, wählen Sie hier ein neues.',
  'password_reset.button': 'Neues Passwort wählen',
  'password_reset.warning': 'Geben Sie ihn nicht weiter: Wer ihn hat, kann Ihr Passwort setzen.',
  'password_reset.footer':
    'Sie haben nicht darum gebeten? Dann ignorieren Sie diese E-Mail: Ihr Passwort bleibt, wie es ist.',

  'password_changed_notice.title': 'Ihr Passwort wurde geändert',
  'password_changed_notice.preheader': 'Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.',
  'password_changed_notice.lead':
    'Das Passwort Ihres Kontos wurde gerade geändert, und alle anderen Geräte wurden abgemeldet.',
  'password_changed_notice.advice':
    'setzen Sie Ihr Passwort sofort zurück: Wählen Sie auf der Anmeldeseite „Passwort vergessen“. Stellen Sie danach sicher, dass niemand sonst Ihre E-Mails lesen kann.',

  'login_alert.title': 'Jemand versucht, Ihr Passwort zu erraten',
  'login_alert.preheader': 'Für Ihr Konto wurden viele Male hintereinander falsche Passwörter eingegeben.',
  'login_alert.lead':
    'Für Ihr Konto wurden mindestens zehnmal hintereinander falsche Passwörter eingegeben. Keines davon war richtig. Jeder weitere Versuch muss warten; auf Geräten, auf denen Sie sich schon angemeldet haben, können Sie sich anmelden wie immer.',
  'login_alert.advice':
    'Wenn Sie es waren, wählen Sie hier ein neues Passwort. Wenn nicht, und Ihr Passwort lang ist und nirgends sonst benutzt wird, ist nichts zu tun.',

  'session_reuse_notice.title': 'Wir haben eines Ihrer Geräte abgemeldet',
  'session_reuse_notice.preheader':
    'Eine alte Anmeldung wurde noch einmal benutzt, deshalb haben wir diese Sitzung beendet.',
  'session_reuse_notice.lead':
    'Eine alte Anmeldung eines Ihrer Geräte wurde ein zweites Mal benutzt. Vielleicht hat jemand sie kopiert, deshalb haben wir diese Sitzung beendet. Andere Geräte bleiben angemeldet.',
  'session_reuse_notice.login': 'Melden Sie sich neu an, um fortzufahren.',
  'session_reuse_notice.suspicion': 'Wenn Sie vermuten, dass jemand anderes Zugang zu Ihrem Konto hat,',
  'session_reuse_notice.advice':
    'setzen Sie auch Ihr Passwort zurück: Wählen Sie auf der Anmeldeseite „Passwort vergessen“. Das meldet alle Geräte ab.',

  'email_change.title': 'Neue Adresse bestätigen',
  'email_change.preheader': 'Ein Klick macht dies zur Adresse Ihres Kontos.',
  'email_change.lead':
    'Jemand möchte dies zur Adresse seines Kontos machen. Wenn Sie das sind, bestätigen Sie es hier. Sie werden dann überall abgemeldet und melden sich mit dieser Adresse neu an.',
  'email_change.button': 'Neue Adresse bestätigen',
  'email_change.footer':
    'Sie haben nicht darum gebeten? Dann ignorieren Sie diese E-Mail: Ohne einen Klick auf den Link ändert sich nichts.',

  'email_change_notice.title': 'Die Adresse Ihres Kontos wurde geändert',
  'email_change_notice.preheader': 'Wenn Sie das nicht waren, holen Sie sich Ihr Konto jetzt zurück.',
  'email_change_notice.lead': 'Ihr Konto hat jetzt eine andere Adresse, und alle Geräte wurden abgemeldet.',
  'email_change_notice.advice':
    'holen Sie sich Ihr Konto zurück: Es bekommt wieder diese Adresse, das heutige Passwort gilt nicht mehr, und wir senden Ihnen einen Link, um ein neues zu wählen.',
  'email_change_notice.button': 'Mein Konto zurückholen',
  'email_change_notice.warning': 'Geben Sie ihn nicht weiter: Wer ihn hat, kann die Änderung rückgängig machen.',

  'activation_confirm.lead':
    'Ein letzter Schritt: Bestätigen Sie mit der Schaltfläche Ihre Adresse. Dann ist Ihr Konto bereit.',
  'activation_success.title': 'Konto aktiviert',
  'activation_success.heading': 'Ihr Konto ist aktiv',
  'activation_success.lead': 'Danke. Ihre Adresse ist bestätigt, und Sie können sich jetzt anmelden.',
  'activation_success.already_title': 'Konto bereits aktiv',
  'activation_success.already_heading': 'Ihr Konto ist bereits aktiv',
  'activation_success.already_lead':
    'Dieser Link wurde schon benutzt, und er hat funktioniert. Es ist nichts weiter zu tun.',
  'activation_error.title': 'Konto nicht aktiviert',
  'activation_error.heading': 'Ihr Konto konnte nicht aktiviert werden',
  'activation_error.advice':
    'Ein Link gilt einmal und für begrenzte Zeit. Wenn Ihrer nicht mehr funktioniert, melden Sie sich an oder fordern Sie dort einen neuen an.',

  'password_reset_form.title': 'Neues Passwort wählen',
  'password_reset_form.account': 'Für das Konto',
  'password_reset_form.effect': 'Alle Geräte werden abgemeldet.',
  'password_reset_form.new_password': 'Neues Passwort',
  'password_reset_form.hint': 'Mindestens {min} Zeichen. Ein paar Wörter ohne Zusammenhang sind ein gutes Passwort.',
  'password_reset_form.confirm_password': 'Neues Passwort wiederholen',
  'password_reset_form.button': 'Neues Passwort setzen',
  'password_reset_form.different': 'Die beiden Passwörter sind verschieden.',
  'password_reset_success.title': 'Passwort geändert',
  'password_reset_success.heading': 'Ihr Passwort ist geändert',
  'password_reset_success.lead':
    'Alle Geräte wurden abgemeldet. Melden Sie sich mit dem neuen Passwort an, um fortzufahren.',
  'password_reset_error.title': 'Passwort nicht geändert',
  'password_reset_error.heading': 'Ihr Passwort wurde nicht geändert',
  'password_reset_error.advice':
    'Ein Link gilt einmal und für begrenzte Zeit. Wenn Ihrer nicht mehr funktioniert, wählen Sie auf der Anmeldeseite „Passwort vergessen“, um einen neuen zu bekommen.',

  'email_change_confirm.lead':
    'Drücken Sie die Schaltfläche, und {address} ist die Adresse Ihres Kontos. Alle Geräte werden abgemeldet.',
  'email_change_success.title': 'Adresse geändert',
  'email_change_success.heading': 'Ihre Adresse ist geändert',
  'email_change_success.lead':
    'Alle Geräte wurden abgemeldet. Melden Sie sich mit {address} und Ihrem Passwort an, um fortzufahren.',
  'email_change_error.title': 'Adresse nicht geändert',
  'email_change_error.heading': 'Die Adresse wurde nicht geändert',
  'email_change_error.advice':
    'Ein Link gilt einmal und für begrenzte Zeit, und nicht, solange ein anderes Konto die Adresse hat.',
  'email_change_undo_confirm.title': 'Konto zurückholen',
  'email_change_undo_confirm.lead':
    'Drücken Sie die Schaltfläche, und {address} ist wieder die Adresse Ihres Kontos. Alle Geräte werden abgemeldet, das Passwort gilt nicht mehr, und wir senden Ihnen einen Link, um ein neues zu wählen.',
  'email_change_undo_success.title': 'Konto zurückgeholt',
  'email_change_undo_success.heading': 'Sie haben Ihr Konto zurück',
  'email_change_undo_success.lead':
    'Eine E-Mail an {address} ist unterwegs. Wählen Sie über ihren Link ein neues Passwort, und melden Sie sich dann an.',
  'email_change_undo_success.advice':
    'Falls die E-Mail nicht ankommt, wählen Sie auf der Anmeldeseite „Passwort vergessen“.',

  'error.ACTIVATION_INVALID_TOKEN': 'Der Aktivierungslink ist ungültig oder abgelaufen.',
  'error.SIGNUP_CONFLICT': 'Eine Angabe der Registrierung wird schon von einem anderen Konto benutzt.',
  'error.PASSWORD_RESET_INVALID_TOKEN': 'Der Link zum Zurücksetzen des Passworts ist ungültig oder abgelaufen.',
  'error.EMAIL_CHANGE_INVALID_TOKEN': 'Der Link zum Ändern der Adresse ist ungültig oder abgelaufen.',
  'error.INPUT_INVALID':
    'Das Formular war nicht richtig ausgefüllt. Öffnen Sie den Link noch einmal und versuchen Sie es erneut.',
  'error.INPUT_MALFORMED':
    'Das Formular oder der Link war nicht lesbar. Öffnen Sie den Link noch einmal und versuchen Sie es erneut.',
  'error.INPUT_TOO_LARGE': 'Das Formular ist zu groß.',
  'error.INPUT_TOO_SLOW':
    'Das Formular kam nicht rechtzeitig an. Öffnen Sie den Link noch einmal und versuchen Sie es erneut.',
  'error.INPUT_CROSS_SITE':
    'Das Formular wurde von einer anderen Website gesendet. Öffnen Sie den Link noch einmal und benutzen Sie das Formular dort.',
  'error.LIMIT_EXCEEDED':
    'Zu viele Links aus Ihrem Netz haben nicht funktioniert. Versuchen Sie es in {minutes} Minuten noch einmal.',
  'error.SERVICE_BUSY': 'Der Dienst ist gerade ausgelastet. Versuchen Sie es gleich noch einmal.',
  'error.SERVICE_FAILED': 'Etwas ist schiefgegangen; es liegt nicht an Ihnen. Versuchen Sie es später noch einmal.',
  'error.SERVICE_UNAVAILABLE': 'Der Dienst ist gerade nicht erreichbar. Versuchen Sie es gleich noch einmal.',

  'password.too_short': 'Das Passwort muss mindestens {min} Zeichen haben.',
  'password.too_long': 'Das Passwort darf höchstens {max} Zeichen und {bytes} Bytes haben.',
  'password.ill_formed': 'Das Passwort muss wohlgeformter Unicode-Text sein.',
  'password.unassigned': 'Das Passwort darf keine Zeichen enthalten, die dieser Server noch nicht kennt.',
  'password.no_lower_case': 'Das Passwort muss einen Kleinbuchstaben enthalten.',
  'password.no_upper_case': 'Das Passwort muss einen Großbuchstaben enthalten.',
  'password.no_digit': 'Das Passwort muss eine Ziffer enthalten.',
  'password.no_symbol': 'Das Passwort muss ein Sonderzeichen enthalten.',
  'password.common': 'Das Passwort gehört zu den häufigsten.',
  'password.predictable': 'Das Passwort ist eine Wiederholung oder eine Folge.',
  'password.context': 'Das Passwort ähnelt der Adresse oder dem Namen zu sehr.',
  'password.breached': 'Das Passwort ist aus einem Datenleck bekannt.',
};
