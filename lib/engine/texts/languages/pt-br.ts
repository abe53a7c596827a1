import type { Language } from './en.js';

/** Português do Brasil. */
export const ptBr: Language = {
  greeting: 'Olá {name},',
  go_to_login: 'Entrar',
  back_to_login: 'Voltar para o login',
  button_hint: 'Se o botão não funcionar, copie este link para o seu navegador:',
  link_expiry: 'O link funciona uma única vez, até {expires_at}.',
  safety_footer: 'Você recebeu este e-mail porque ele diz respeito à segurança da sua conta.',
  nothing_to_do: 'Se foi você, não há mais nada a fazer.',
  was_not_you: 'Se não foi você,',
  already_done: 'Este link já foi usado, e funcionou.',
  close_page: 'Você pode fechar esta página.',
  close_page_and_login: 'Você pode fechar esta página e entrar.',

  'activation.title': 'Ative sua conta',
  'activation.preheader': 'Um clique confirma seu endereço e ativa sua conta.',
  'activation.lead': 'Obrigado por se cadastrar. Confirme que este endereço é seu, e sua conta estará pronta.',
  'activation.button': 'Ativar conta',
  'activation.footer': 'Você não se cadastrou? Então ignore este e-mail: sem um clique no link, nada acontece.',

  'account_exists.title': 'Você já tem uma conta',
  'account_exists.preheader': 'Alguém tentou usar o seu endereço em outra conta.',
  'account_exists.lead':
    'Alguém acabou de tentar se cadastrar com o seu endereço, ou passar outra conta para ele, mas ele já tem uma conta. Nada foi alterado.',
  'account_exists.advice':
    'Se foi você, entre com a senha que já tem. Se não se lembra dela, escolha “Esqueci a senha” na página de login.',
  'account_exists.footer': 'Não foi você? Então ignore este e-mail: sua conta continua como está.',

  'password_reset.title': 'Redefina sua senha',
  'password_reset.preheader': 'Escolha uma nova senha para a sua conta.',
  'password_reset.lead': 'Alguém pediu para redefinir a senha da sua conta. Se foi você, escolha uma nova aqui.',
  'password_reset.button': 'Escolher uma nova senha',
  'password_reset.warning': 'Não o compartilhe: quem o tiver pode definir a sua senha.',
  'password_reset.footer': 'Você não pediu isso? Então ignore este e-mail: sua senha continua como está.',

  'password_changed_notice.title': 'Sua senha foi alterada',
  'password_changed_notice.preheader': 'Se não foi você, redefina sua senha agora.',
  'password_changed_notice.lead':
    'A senha da sua conta acabou de ser alterada, e todos os outros dispositivos foram desconectados.',
  'password_changed_notice.advice':
    'redefina sua senha imediatamente: escolha “Esqueci a senha” na página de login. Depois, verifique se ninguém mais consegue ler os seus e-mails.',

  'login_alert.title': 'Alguém está tentando adivinhar sua senha',
  'login_alert.preheader': 'Senhas erradas foram digitadas para a sua conta muitas vezes seguidas.',
  'login_alert.lead':
    'Senhas erradas foram digitadas para a sua conta pelo menos dez vezes seguidas. Nenhuma estava certa. Cada nova tentativa precisa esperar, e nos dispositivos em que você já entrou antes você entra como sempre.',
  'login_alert.advice':
    'Se foi você, escolha aqui uma nova senha. Se não foi, e a sua senha é longa e não é usada em nenhum outro lugar, não há nada a fazer.',

  'session_reuse_notice.title': 'Desconectamos um dos seus dispositivos',
  'session_reuse_notice.preheader':
    'Um login antigo foi usado novamente, por isso encerramos essa sessão por segurança.',
  'session_reuse_notice.lead':
    'Um login antigo de um dos seus dispositivos foi usado uma segunda vez. Isso pode significar que alguém o copiou, por isso encerramos essa sessão. Os outros dispositivos continuam conectados.',
  'session_reuse_notice.login': 'Entre novamente para continuar.',
  'session_reuse_notice.suspicion': 'Se você suspeita que outra pessoa tem acesso à sua conta,',
  'session_reuse_notice.advice':
    'redefina também a sua senha: escolha “Esqueci a senha” na página de login. Isso desconecta todos os dispositivos.',

  'email_change.title': 'Confirme seu novo endereço',
  'email_change.preheader': 'Um clique faz deste o endereço da sua conta.',
  'email_change.lead':
    'Alguém pediu que este seja o endereço da própria conta. Se foi você, confirme aqui. Você será desconectado de todos os dispositivos e entrará novamente com este endereço.',
  'email_change.button': 'Confirmar novo endereço',
  'email_change.footer': 'Você não pediu isso? Então ignore este e-mail: sem um clique no link, nada muda.',

  'email_change_notice.title': 'O endereço da sua conta foi alterado',
  'email_change_notice.preheader': 'Se não foi você, recupere sua conta agora.',
  'email_change_notice.lead': 'Sua conta agora tem outro endereço, e todos os dispositivos foram desconectados.',
  'email_change_notice.advice':
    'recupere sua conta: ela volta a ter este endereço, a senha atual deixa de funcionar, e enviaremos um link para você escolher uma nova.',
  'email_change_notice.button': 'Recuperar minha conta',
  'email_change_notice.warning': 'Não o compartilhe: quem o tiver pode desfazer a alteração.',

  'activation_confirm.lead':
    'Um último passo: pressione o botão para confirmar seu endereço. Então sua conta estará pronta.',
  'activation_success.title': 'Conta ativada',
  'activation_success.heading': 'Sua conta está ativa',
  'activation_success.lead': 'Obrigado. Seu endereço está confirmado, e você já pode entrar.',
  'activation_success.already_title': 'Conta já ativa',
  'activation_success.already_heading': 'Sua conta já está ativa',
  'activation_success.already_lead': 'Este link já foi usado, e funcionou. Não há mais nada a fazer.',
  'activation_error.title': 'Conta não ativada',
  'activation_error.heading': 'Não foi possível ativar sua conta',
  'activation_error.advice':
    'Um link funciona uma única vez e por tempo limitado. Se o seu não funciona mais, entre ou peça um novo por lá.',

  'password_reset_form.title': 'Escolha uma nova senha',
  'password_reset_form.account': 'Para a conta',
  'password_reset_form.effect': 'Todos os dispositivos serão desconectados.',
  'password_reset_form.new_password': 'Nova senha',
  'password_reset_form.hint': 'Pelo menos {min} caracteres. Algumas palavras sem relação formam uma boa senha.',
  'password_reset_form.confirm_password': 'Repita a nova senha',
  'password_reset_form.button': 'Salvar nova senha',
  'password_reset_form.different': 'As duas senhas são diferentes.',
  'password_reset_success.title': 'Senha alterada',
  'password_reset_success.heading': 'Sua senha foi alterada',
  'password_reset_success.lead': 'Todos os dispositivos foram desconectados. Entre com a nova senha para continuar.',
  'password_reset_error.title': 'Senha não alterada',
  'password_reset_error.heading': 'Sua senha não foi alterada',
  'password_reset_error.advice':
    'Um link funciona uma única vez e por tempo limitado. Se o seu não funciona mais, escolha “Esqueci a senha” na página de login para receber um novo.',

  'email_change_confirm.lead':
    'Pressione o botão, e {address} será o endereço da sua conta. Todos os dispositivos serão desconectados.',
  'email_change_success.title': 'Endereço alterado',
  'email_change_success.heading': 'Seu endereço foi alterado',
  'email_change_success.lead':
    'Todos os dispositivos foram desconectados. Entre com {address} e sua senha para continuar.',
  'email_change_error.title': 'Endereço não alterado',
  'email_change_error.heading': 'O endereço não foi alterado',
  'email_change_error.advice':
    'Um link funciona uma única vez e por tempo limitado, e não enquanto outra conta tiver o endereço.',
  'email_change_undo_confirm.title': 'Recupere sua conta',
  'email_change_undo_confirm.lead':
    'Pressione o botão, e {address} volta a ser o endereço da sua conta. Todos os dispositivos serão desconectados, a senha deixa de funcionar, e enviaremos um link para você escolher uma nova.',
  'email_change_undo_success.title': 'Conta recuperada',
  'email_change_undo_success.heading': 'Você recuperou sua conta',
  'email_change_undo_success.lead':
    'Um e-mail está a caminho de {address}. Siga o link dele para escolher uma nova senha e depois entre.',
  'email_change_undo_success.advice': 'Se o e-mail não chegar, escolha “Esqueci a senha” na página de login.',

  'error.ACTIVATION_INVALID_TOKEN': 'O link de ativação é inválido ou expirou.',
  'error.SIGNUP_CONFLICT': 'Um dado do cadastro já é usado por outra conta.',
  'error.PASSWORD_RESET_INVALID_TOKEN': 'O link para redefinir a senha é inválido ou expirou.',
  'error.EMAIL_CHANGE_INVALID_TOKEN': 'O link para alterar o endereço é inválido ou expirou.',
  'error.INPUT_INVALID': 'O formulário não foi preenchido como deveria. Abra o link de novo e tente outra vez.',
  'error.INPUT_MALFORMED': 'Não foi possível ler o formulário ou o link. Abra o link de novo e tente outra vez.',
  'error.INPUT_TOO_LARGE': 'O formulário é grande demais.',
  'error.INPUT_TOO_SLOW': 'O formulário demorou demais para chegar. Abra o link outra vez e tente de novo.',
  'error.INPUT_CROSS_SITE': 'O formulário foi enviado de outro site. Abra o link de novo e use o formulário de lá.',
  'error.LIMIT_EXCEEDED': 'Muitos links da sua rede não funcionaram. Tente de novo em {minutes} minutos.',
  'error.SERVICE_BUSY': 'O serviço está ocupado; tente de novo em instantes.',
  'error.SERVICE_FAILED': 'Algo deu errado, e a culpa não é sua. Tente de novo mais tarde.',
  'error.SERVICE_UNAVAILABLE': 'O serviço está indisponível; tente de novo em instantes.',

  'password.too_short': 'A senha deve ter pelo menos {min} caracteres.',
  'password.too_long': 'A senha deve ter no máximo {max} caracteres e {bytes} bytes.',
  'password.ill_formed': 'A senha deve ser um texto Unicode bem formado.',
  'password.unassigned': 'A senha não deve conter caracteres que este servidor ainda não conhece.',
  'password.no_lower_case': 'A senha deve conter uma letra minúscula.',
  'password.no_upper_case': 'A senha deve conter uma letra maiúscula.',
  'password.no_digit': 'A senha deve conter um algarismo.',
  'password.no_symbol': 'A senha deve conter um símbolo.',
  'password.common': 'A senha é uma das mais comuns.',
  'password.predictable': 'A senha é uma repetição ou uma sequência.',
  'password.context': 'A senha é parecida demais com o endereço ou o nome.',
  'password.breached': 'A senha apareceu em um vazamento de dados.',
};
