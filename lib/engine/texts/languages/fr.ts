import type { Language } from './en.js';

/** Français. */
export const fr: Language = {
  greeting: 'Bonjour {name},',
  go_to_login: 'Se connecter',
  back_to_login: 'Retour à la connexion',
  button_hint: 'Si le bouton ne fonctionne pas, copiez ce lien dans votre navigateur :',
  link_expiry: 'Le lien fonctionne une seule fois, jusqu’au {expires_at}.',
  safety_footer: 'Vous recevez cet e-mail parce qu’il concerne la sécurité de votre compte.',
  nothing_to_do: 'Si c’était vous, il n’y a rien d’autre à faire.',
  was_not_you: 'Si ce n’était pas vous,',
  already_done: 'Ce lien a déjà été utilisé, et cela a fonctionné.',
  close_page: 'Vous pouvez fermer cette page.',
  close_page_and_login: 'Vous pouvez fermer cette page et vous connecter.',

  'activation.title': 'Activez votre compte',
  'activation.preheader': 'Un clic confirme votre adresse et active votre compte.',
  'activation.lead': 'Merci de votre inscription. Confirmez que cette adresse est la vôtre, et votre compte sera prêt.',
  'activation.button': 'Activer le compte',
  'activation.footer':
    'Vous ne vous êtes pas inscrit ? Alors ignorez cet e-mail : sans clic sur le lien, rien ne se passe.',

  'account_exists.title': 'Vous avez déjà un compte',
  'account_exists.preheader': 'Quelqu’un a essayé d’utiliser votre adresse pour un autre compte.',
  'account_exists.lead':
    'Quelqu’un vient d’essayer de s’inscrire avec votre adresse, ou d’y rattacher un autre compte, mais elle a déjà un compte. Rien n’a été modifié.',
  'account_exists.advice':
    'Si c’était vous, connectez-vous avec votre mot de passe. Si vous ne le connaissez plus, choisissez « Mot de passe oublié » sur la page de connexion.',
  'account_exists.footer': 'Ce n’était pas vous ? Alors ignorez cet e-mail : votre compte reste tel qu’il est.',

  'password_reset.title': 'Réinitialisez votre mot de passe',
  'password_reset.preheader': 'Choisissez un nouveau mot de passe pour votre compte.',
  'password_reset.lead':
    'Quelqu’un a demandé à réinitialiser le mot de passe de votre compte. Si c’était vous, choisissez-en un nouveau ici.',
  'password_reset.button': 'Choisir un nouveau mot de passe',
  'password_reset.warning': 'Ne le partagez pas : quiconque le possède peut définir votre mot de passe.',
  'password_reset.footer':
    'Vous n’avez rien demandé ? Alors ignorez cet e-mail : votre mot de passe reste tel qu’il est.',

  'password_changed_notice.title': 'Votre mot de passe a été modifié',
  'password_changed_notice.preheader': 'Si ce n’était pas vous, réinitialisez votre mot de passe maintenant.',
  'password_changed_notice.lead':
    'Le mot de passe de votre compte vient d’être modifié, et tous les autres appareils ont été déconnectés.',
  'password_changed_notice.advice':
    'réinitialisez votre mot de passe sans attendre : choisissez « Mot de passe oublié » sur la page de connexion. Assurez-vous ensuite que personne d’autre ne peut lire vos e-mails.',

  'login_alert.title': 'Quelqu’un essaie de deviner votre mot de passe',
  'login_alert.preheader': 'Des mots de passe erronés ont été saisis de nombreuses fois de suite pour votre compte.',
  'login_alert.lead':
    'Des mots de passe erronés ont été saisis au moins dix fois de suite pour votre compte. Aucun n’était le bon. Chaque nouvel essai doit attendre, et sur les appareils où vous vous êtes déjà connecté vous pouvez vous connecter comme toujours.',
  'login_alert.advice':
    'Si c’était vous, choisissez ici un nouveau mot de passe. Sinon, et si votre mot de passe est long et n’est utilisé nulle part ailleurs, il n’y a rien à faire.',

  'session_reuse_notice.title': 'Nous avons déconnecté l’un de vos appareils',
  'session_reuse_notice.preheader':
    'Une ancienne connexion a été réutilisée ; par sécurité, nous avons fermé cette session.',
  'session_reuse_notice.lead':
    'Une ancienne connexion de l’un de vos appareils a été utilisée une seconde fois. Quelqu’un l’a peut-être copiée, c’est pourquoi nous avons fermé cette session. Les autres appareils restent connectés.',
  'session_reuse_notice.login': 'Connectez-vous de nouveau pour continuer.',
  'session_reuse_notice.suspicion': 'Si vous soupçonnez que quelqu’un d’autre a accès à votre compte,',
  'session_reuse_notice.advice':
    'réinitialisez aussi votre mot de passe : choisissez « Mot de passe oublié » sur la page de connexion. Tous les appareils seront déconnectés.',

  'email_change.title': 'Confirmez votre nouvelle adresse',
  'email_change.preheader': 'Un clic en fait l’adresse de votre compte.',
  'email_change.lead':
    'Quelqu’un a demandé que cette adresse devienne celle de son compte. Si c’était vous, confirmez-le ici. Vous serez déconnecté partout et vous vous reconnecterez avec cette adresse.',
  'email_change.button': 'Confirmer la nouvelle adresse',
  'email_change.footer': 'Vous n’avez rien demandé ? Alors ignorez cet e-mail : sans clic sur le lien, rien ne change.',

  'email_change_notice.title': 'L’adresse de votre compte a été modifiée',
  'email_change_notice.preheader': 'Si ce n’était pas vous, reprenez votre compte maintenant.',
  'email_change_notice.lead': 'Votre compte a maintenant une autre adresse, et tous les appareils ont été déconnectés.',
  'email_change_notice.advice':
    'reprenez votre compte : il retrouvera cette adresse, le mot de passe actuel ne fonctionnera plus, et nous vous enverrons un lien pour en choisir un nouveau.',
  'email_change_notice.button': 'Reprendre mon compte',
  'email_change_notice.warning': 'Ne le partagez pas : quiconque le possède peut annuler la modification.',

  'activation_confirm.lead':
    'Une dernière étape : appuyez sur le bouton pour confirmer votre adresse. Votre compte sera alors prêt.',
  'activation_success.title': 'Compte activé',
  'activation_success.heading': 'Votre compte est actif',
  'activation_success.lead': 'Merci. Votre adresse est confirmée, et vous pouvez maintenant vous connecter.',
  'activation_success.already_title': 'Compte déjà actif',
  'activation_success.already_heading': 'Votre compte est déjà actif',
  'activation_success.already_lead': 'Ce lien a déjà été utilisé, et il a fonctionné. Il n’y a rien d’autre à faire.',
  'activation_error.title': 'Compte non activé',
  'activation_error.heading': 'Votre compte n’a pas pu être activé',
  'activation_error.advice':
    'Un lien fonctionne une seule fois et pendant un temps limité. Si le vôtre ne fonctionne plus, connectez-vous ou demandez-y un nouveau lien.',

  'password_reset_form.title': 'Choisissez un nouveau mot de passe',
  'password_reset_form.account': 'Pour le compte',
  'password_reset_form.effect': 'Tous les appareils seront déconnectés.',
  'password_reset_form.new_password': 'Nouveau mot de passe',
  'password_reset_form.hint':
    'Au moins {min} caractères. Quelques mots sans rapport entre eux font un bon mot de passe.',
  'password_reset_form.confirm_password': 'Répétez le nouveau mot de passe',
  'password_reset_form.button': 'Enregistrer le nouveau mot de passe',
  'password_reset_form.different': 'Les deux mots de passe sont différents.',
  'password_reset_success.title': 'Mot de passe modifié',
  'password_reset_success.heading': 'Votre mot de passe est modifié',
  'password_reset_success.lead':
    'Tous les appareils ont été déconnectés. Connectez-vous avec votre nouveau mot de passe pour continuer.',
  'password_reset_error.title': 'Mot de passe non modifié',
  'password_reset_error.heading': 'Votre mot de passe n’a pas été modifié',
  'password_reset_error.advice':
    'Un lien fonctionne une seule fois et pendant un temps limité. Si le vôtre ne fonctionne plus, choisissez « Mot de passe oublié » sur la page de connexion pour en recevoir un nouveau.',

  'email_change_confirm.lead':
    'Appuyez sur le bouton, et {address} sera l’adresse de votre compte. Tous les appareils seront déconnectés.',
  'email_change_success.title': 'Adresse modifiée',
  'email_change_success.heading': 'Votre adresse est modifiée',
  'email_change_success.lead':
    'Tous les appareils ont été déconnectés. Connectez-vous avec {address} et votre mot de passe pour continuer.',
  'email_change_error.title': 'Adresse non modifiée',
  'email_change_error.heading': 'L’adresse n’a pas été modifiée',
  'email_change_error.advice':
    'Un lien fonctionne une seule fois et pendant un temps limité, et pas tant qu’un autre compte a cette adresse.',
  'email_change_undo_confirm.title': 'Reprenez votre compte',
  'email_change_undo_confirm.lead':
    'Appuyez sur le bouton, et {address} redeviendra l’adresse de votre compte. Tous les appareils seront déconnectés, le mot de passe ne fonctionnera plus, et nous vous enverrons un lien pour en choisir un nouveau.',
  'email_change_undo_success.title': 'Compte repris',
  'email_change_undo_success.heading': 'Vous avez repris votre compte',
  'email_change_undo_success.lead':
    'Un e-mail est en route vers {address}. Suivez son lien pour choisir un nouveau mot de passe, puis connectez-vous.',
  'email_change_undo_success.advice':
    'Si l’e-mail n’arrive pas, choisissez « Mot de passe oublié » sur la page de connexion.',

  'error.ACTIVATION_INVALID_TOKEN': 'Le lien d’activation n’est pas valide ou a expiré.',
  'error.SIGNUP_CONFLICT': 'Une donnée de l’inscription est déjà utilisée par un autre compte.',
  'error.PASSWORD_RESET_INVALID_TOKEN': 'Le lien de réinitialisation du mot de passe n’est pas valide ou a expiré.',
  'error.EMAIL_CHANGE_INVALID_TOKEN': 'Le lien de changement d’adresse n’est pas valide ou a expiré.',
  'error.INPUT_INVALID': 'Le formulaire n’a pas été rempli comme il le faut. Ouvrez de nouveau le lien et réessayez.',
  'error.INPUT_MALFORMED': 'Le formulaire ou le lien n’a pas pu être lu. Ouvrez de nouveau le lien et réessayez.',
  'error.INPUT_TOO_LARGE': 'Le formulaire est trop volumineux.',
  'error.INPUT_TOO_SLOW': 'Le formulaire a mis trop de temps à arriver. Ouvrez à nouveau le lien et réessayez.',
  'error.INPUT_CROSS_SITE':
    'Le formulaire a été envoyé depuis un autre site. Ouvrez de nouveau le lien et utilisez le formulaire qui s’y trouve.',
  'error.LIMIT_EXCEEDED':
    'Trop de liens venant de votre réseau n’ont pas fonctionné. Réessayez dans {minutes} minutes.',
  'error.SERVICE_BUSY': 'Le service est surchargé ; réessayez dans un instant.',
  'error.SERVICE_FAILED': 'Une erreur s’est produite ; vous n’y êtes pour rien. Réessayez plus tard.',
  'error.SERVICE_UNAVAILABLE': 'Le service n’est pas disponible ; réessayez dans un instant.',

  'password.too_short': 'Le mot de passe doit comporter au moins {min} caractères.',
  'password.too_long': 'Le mot de passe doit comporter au plus {max} caractères et {bytes} octets.',
  'password.ill_formed': 'Le mot de passe doit être un texte Unicode bien formé.',
  'password.unassigned': 'Le mot de passe ne doit pas contenir de caractères que ce serveur ne connaît pas encore.',
  'password.no_lower_case': 'Le mot de passe doit contenir une lettre minuscule.',
  'password.no_upper_case': 'Le mot de passe doit contenir une lettre majuscule.',
  'password.no_digit': 'Le mot de passe doit contenir un chiffre.',
  'password.no_symbol': 'Le mot de passe doit contenir un symbole.',
  'password.common': 'Le mot de passe est l’un des plus courants.',
  'password.predictable': 'Le mot de passe est une répétition ou une suite.',
  'password.context': 'Le mot de passe est trop proche de l’adresse ou du nom.',
  'password.breached': 'Le mot de passe figure dans une fuite de données.',
};
