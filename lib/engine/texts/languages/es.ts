import type { Language } from './en.js';

/** Español. */
export const es: Language = {
  greeting: 'Hola {name}:',
  go_to_login: 'Iniciar sesión',
  back_to_login: 'Volver al inicio de sesión',
  button_hint: 'Si el botón no funciona, copia este enlace en tu navegador:',
  link_expiry: 'El enlace sirve una sola vez, hasta el {expires_at}.',
  safety_footer: 'Recibes este correo porque afecta a la seguridad de tu cuenta.',
  nothing_to_do: 'Si has sido tú, no tienes que hacer nada más.',
  was_not_you: 'Si no has sido tú,',
  already_done: 'Este enlace ya se usó, y funcionó.',
  close_page: 'Puedes cerrar esta página.',
  close_page_and_login: 'Puedes cerrar esta página e iniciar sesión.',

  'activation.title': 'Activa tu cuenta',
  'activation.preheader': 'Un clic confirma tu dirección y activa tu cuenta.',
  'activation.lead': 'Gracias por registrarte. Confirma que esta es tu dirección y tu cuenta estará lista.',
  'activation.button': 'Activar cuenta',
  'activation.footer': '¿No te has registrado? Entonces ignora este correo: si nadie pulsa el enlace, no ocurre nada.',

  'account_exists.title': 'Ya tienes una cuenta',
  'account_exists.preheader': 'Alguien ha intentado usar tu dirección para otra cuenta.',
  'account_exists.lead':
    'Alguien acaba de intentar registrarse con tu dirección, o pasar otra cuenta a ella, pero ya tiene una cuenta. No ha cambiado nada.',
  'account_exists.advice':
    'Si has sido tú, inicia sesión con la contraseña que tienes. Si ya no la recuerdas, elige «He olvidado mi contraseña» en la página de inicio de sesión.',
  'account_exists.footer': '¿No has sido tú? Entonces ignora este correo: tu cuenta sigue como está.',

  'password_reset.title': 'Restablece tu contraseña',
  'password_reset.preheader': 'Elige una contraseña nueva para tu cuenta.',
  'password_reset.lead':
    'Alguien ha pedido restablecer la contraseña de tu cuenta. Si has sido tú, elige aquí una nueva.',
  'password_reset.button': 'Elegir una contraseña nueva',
  'password_reset.warning': 'No lo compartas: quien lo tenga puede fijar tu contraseña.',
  'password_reset.footer': '¿No lo has pedido? Entonces ignora este correo: tu contraseña sigue como está.',

  'password_changed_notice.title': 'Tu contraseña ha cambiado',
  'password_changed_notice.preheader': 'Si no has sido tú, restablece tu contraseña ahora.',
  'password_changed_notice.lead':
    'La contraseña de tu cuenta acaba de cambiar y se ha cerrado la sesión en todos los demás dispositivos.',
  'password_changed_notice.advice':
    'restablece tu contraseña de inmediato: elige «He olvidado mi contraseña» en la página de inicio de sesión. Después asegúrate de que nadie más pueda leer tu correo.',

  'login_alert.title': 'Alguien intenta adivinar tu contraseña',
  'login_alert.preheader': 'Se han introducido contraseñas incorrectas en tu cuenta muchas veces seguidas.',
  'login_alert.lead':
    'Se han introducido contraseñas incorrectas en tu cuenta al menos diez veces seguidas. Ninguna era correcta. Cada intento más tiene que esperar, y en los dispositivos en los que ya has iniciado sesión puedes entrar como siempre.',
  'login_alert.advice':
    'Si has sido tú, elige aquí una contraseña nueva. Si no, y tu contraseña es larga y no la usas en ningún otro sitio, no tienes que hacer nada.',

  'session_reuse_notice.title': 'Hemos cerrado la sesión de uno de tus dispositivos',
  'session_reuse_notice.preheader':
    'Un inicio de sesión antiguo se ha usado otra vez; por seguridad hemos cerrado esa sesión.',
  'session_reuse_notice.lead':
    'Un inicio de sesión antiguo de uno de tus dispositivos se ha usado por segunda vez. Puede significar que alguien lo ha copiado, así que hemos cerrado esa sesión. Los demás dispositivos siguen conectados.',
  'session_reuse_notice.login': 'Inicia sesión de nuevo para continuar.',
  'session_reuse_notice.suspicion': 'Si sospechas que otra persona tiene acceso a tu cuenta,',
  'session_reuse_notice.advice':
    'restablece también tu contraseña: elige «He olvidado mi contraseña» en la página de inicio de sesión. Así se cierra la sesión en todos los dispositivos.',

  'email_change.title': 'Confirma tu nueva dirección',
  'email_change.preheader': 'Un clic convierte esta dirección en la de tu cuenta.',
  'email_change.lead':
    'Alguien ha pedido que esta sea la dirección de su cuenta. Si has sido tú, confírmalo aquí. Se cerrará la sesión en todas partes y volverás a iniciarla con esta dirección.',
  'email_change.button': 'Confirmar nueva dirección',
  'email_change.footer': '¿No lo has pedido? Entonces ignora este correo: si nadie pulsa el enlace, nada cambia.',

  'email_change_notice.title': 'La dirección de tu cuenta ha cambiado',
  'email_change_notice.preheader': 'Si no has sido tú, recupera tu cuenta ahora.',
  'email_change_notice.lead':
    'Tu cuenta tiene ahora otra dirección y se ha cerrado la sesión en todos los dispositivos.',
  'email_change_notice.advice':
    'recupera tu cuenta: volverá a tener esta dirección, la contraseña de hoy dejará de servir y te enviaremos un enlace para elegir una nueva.',
  'email_change_notice.button': 'Recuperar mi cuenta',
  'email_change_notice.warning': 'No lo compartas: quien lo tenga puede deshacer el cambio.',

  'activation_confirm.lead': 'Un último paso: pulsa el botón para confirmar tu dirección y tu cuenta estará lista.',
  'activation_success.title': 'Cuenta activada',
  'activation_success.heading': 'Tu cuenta está activa',
  'activation_success.lead': 'Gracias. Tu dirección está confirmada y ya puedes iniciar sesión.',
  'activation_success.already_title': 'La cuenta ya estaba activa',
  'activation_success.already_heading': 'Tu cuenta ya está activa',
  'activation_success.already_lead': 'Este enlace ya se usó, y funcionó. No tienes que hacer nada más.',
  'activation_error.title': 'Cuenta no activada',
  'activation_error.heading': 'No se ha podido activar tu cuenta',
  'activation_error.advice':
    'Un enlace sirve una sola vez y durante un tiempo limitado. Si el tuyo ya no funciona, inicia sesión o pide allí uno nuevo.',

  'password_reset_form.title': 'Elige una contraseña nueva',
  'password_reset_form.account': 'Para la cuenta',
  'password_reset_form.effect': 'Se cerrará la sesión en todos los dispositivos.',
  'password_reset_form.new_password': 'Contraseña nueva',
  'password_reset_form.hint':
    'Al menos {min} caracteres. Unas cuantas palabras sin relación forman una buena contraseña.',
  'password_reset_form.confirm_password': 'Repite la contraseña nueva',
  'password_reset_form.button': 'Guardar contraseña nueva',
  'password_reset_form.different': 'Las dos contraseñas son distintas.',
  'password_reset_success.title': 'Contraseña cambiada',
  'password_reset_success.heading': 'Tu contraseña ha cambiado',
  'password_reset_success.lead':
    'Se ha cerrado la sesión en todos los dispositivos. Inicia sesión con tu nueva contraseña para continuar.',
  'password_reset_error.title': 'Contraseña no cambiada',
  'password_reset_error.heading': 'Tu contraseña no ha cambiado',
  'password_reset_error.advice':
    'Un enlace sirve una sola vez y durante un tiempo limitado. Si el tuyo ya no funciona, elige «He olvidado mi contraseña» en la página de inicio de sesión para recibir uno nuevo.',

  'email_change_confirm.lead':
    'Pulsa el botón y {address} será la dirección de tu cuenta. Se cerrará la sesión en todos los dispositivos.',
  'email_change_success.title': 'Dirección cambiada',
  'email_change_success.heading': 'Tu dirección ha cambiado',
  'email_change_success.lead':
    'Se ha cerrado la sesión en todos los dispositivos. Inicia sesión con {address} y tu contraseña para continuar.',
  'email_change_error.title': 'Dirección no cambiada',
  'email_change_error.heading': 'La dirección no ha cambiado',
  'email_change_error.advice':
    'Un enlace sirve una sola vez y durante un tiempo limitado, y no mientras otra cuenta tenga la dirección.',
  'email_change_undo_confirm.title': 'Recupera tu cuenta',
  'email_change_undo_confirm.lead':
    'Pulsa el botón y {address} volverá a ser la dirección de tu cuenta. Se cerrará la sesión en todos los dispositivos, la contraseña dejará de servir y te enviaremos un enlace para elegir una nueva.',
  'email_change_undo_success.title': 'Cuenta recuperada',
  'email_change_undo_success.heading': 'Has recuperado tu cuenta',
  'email_change_undo_success.lead':
    'Hay un correo en camino a {address}. Sigue su enlace para elegir una contraseña nueva y después inicia sesión.',
  'email_change_undo_success.advice':
    'Si el correo no llega, elige «He olvidado mi contraseña» en la página de inicio de sesión.',

  'error.ACTIVATION_INVALID_TOKEN': 'El enlace de activación no es válido o ha caducado.',
  'error.SIGNUP_CONFLICT': 'Otra cuenta ya usa uno de los datos del registro.',
  'error.PASSWORD_RESET_INVALID_TOKEN': 'El enlace para restablecer la contraseña no es válido o ha caducado.',
  'error.EMAIL_CHANGE_INVALID_TOKEN': 'El enlace para cambiar la dirección no es válido o ha caducado.',
  'error.INPUT_INVALID': 'El formulario no se ha rellenado como debía. Abre el enlace de nuevo e inténtalo otra vez.',
  'error.INPUT_MALFORMED':
    'No se ha podido leer el formulario o el enlace. Abre el enlace de nuevo e inténtalo otra vez.',
  'error.INPUT_TOO_LARGE': 'El formulario es demasiado grande.',
  'error.INPUT_TOO_SLOW': 'El formulario tardó demasiado en llegar. Abre el enlace otra vez e inténtalo de nuevo.',
  'error.INPUT_CROSS_SITE':
    'El formulario se ha enviado desde otro sitio. Abre el enlace de nuevo y usa el formulario de allí.',
  'error.LIMIT_EXCEEDED':
    'Demasiados enlaces de tu red no han funcionado. Inténtalo de nuevo dentro de {minutes} minutos.',
  'error.SERVICE_BUSY': 'El servicio está ocupado; inténtalo de nuevo en un momento.',
  'error.SERVICE_FAILED': 'Algo ha salido mal; no es culpa tuya. Inténtalo de nuevo más tarde.',
  'error.SERVICE_UNAVAILABLE': 'El servicio no está disponible; inténtalo de nuevo en un momento.',

  'password.too_short': 'La contraseña debe tener al menos {min} caracteres.',
  'password.too_long': 'La contraseña debe tener como máximo {max} caracteres y {bytes} bytes.',
  'password.ill_formed': 'La contraseña debe ser un texto Unicode bien formado.',
  'password.unassigned': 'La contraseña no debe contener caracteres que este servidor aún no conoce.',
  'password.no_lower_case': 'La contraseña debe contener una letra minúscula.',
  'password.no_upper_case': 'La contraseña debe contener una letra mayúscula.',
  'password.no_digit': 'La contraseña debe contener una cifra.',
  'password.no_symbol': 'La contraseña debe contener un símbolo.',
  'password.common': 'La contraseña es una de las más comunes.',
  'password.predictable': 'La contraseña es una repetición o una secuencia.',
  'password.context': 'La contraseña se parece demasiado a la dirección o al nombre.',
  'password.breached': 'La contraseña ha aparecido en una filtración de datos.',
};
