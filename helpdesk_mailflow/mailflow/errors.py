"""What can go wrong with a mailbox, one exception family.

``str(error)`` is an English sentence for an admin: what is wrong and what to do. The
engine knows no other language, so each error also has a ``code`` that names its sentence
in :data:`SENTENCES` and the ``values`` of its placeholders: the addon translates these.
"""

from collections.abc import Mapping

# Each code starts with the code of its class, so that a reader who does not know the
# variant can still fall back to the class.
SENTENCES: Mapping[str, str] = {
    "account_missing": (
        "No connected account is chosen to log in with. Choose one, or make a new authorisation."
    ),
    "account_missing_gmail": (
        "“{user}” is not connected with Gmail yet. Open its mail scanner, and connect it there."
    ),
    "account_missing_gmail_refused": (
        "Google gives no access to “{user}” any more. Connect the Gmail account again; if that "
        "does not help, check the Gmail credentials in the general settings."
    ),
    "host_not_of_cloud": (
        "{host} is not a mail server of Microsoft’s cloud that the account signs in to, and gets "
        "no access to its mailboxes. Type {right} as the server."
    ),
    "mailbox_error": "The mailbox on {host} could not be used.",
    "name_not_found": (
        "The mail server “{host}” was not found. Check the spelling of its name, and that "
        "this server can look up names in the DNS."
    ),
    "connection_refused": (
        "{host} does not accept connections on port {port}. Check the port number, and that "
        "the mail server is running."
    ),
    "connection_refused_unreachable": (
        "{host} cannot be reached on port {port} ({reason}). Check the network and the firewalls."
    ),
    "connection_refused_busy": (
        "{host} has too many connections or too much to do at the moment and said “{answer}”. Try "
        "again in a few minutes; if it stays like this, ask the operator of the mail server."
    ),
    "connection_refused_unwelcome": (
        "{host} does not take mail from this server and said “{answer}”. Ask the operator of the "
        "mail server why."
    ),
    "connection_timed_out": (
        "{host} did not answer on port {port} within {seconds} seconds. Check host name and "
        "port number, and that no firewall is in the way."
    ),
    "connection_timed_out_greeting": (
        "{host} accepted the connection on port {port} but said nothing within {seconds} "
        "seconds. Does this port expect encryption? Then choose SSL/TLS."
    ),
    "connection_timed_out_command": (
        "{host} stopped answering while {doing}; we waited {seconds} seconds. If this happens "
        "again, ask the operator of the mail server."
    ),
    "connection_timed_out_blocked": (
        "{host} did not answer on port {port} within {seconds} seconds. Many networks block port "
        "{port}: use port 587 with STARTTLS or port 465 with SSL/TLS."
    ),
    "connection_lost": (
        "{host} closed the connection while {doing}. If this happens again, ask the operator of "
        "the mail server."
    ),
    "connection_lost_bye": (
        "{host} closed the connection while {doing} and said “{answer}”. If this happens again, "
        "ask the operator of the mail server."
    ),
    "certificate_not_trusted": "The certificate of {host} is not trusted ({reason}): {detail}",
    "encryption_not_offered": (
        "{host} does not speak TLS on port {port}: does this port expect encryption? Choose "
        "STARTTLS, or the port for SSL/TLS (usually {tls_port})."
    ),
    "encryption_not_offered_starttls": (
        "{host} does not offer STARTTLS on port {port}. Choose SSL/TLS with its own port (usually "
        "{tls_port}), or no encryption if the mail server is in your own network."
    ),
    "encryption_not_offered_failed": (
        "{host} and we could not agree on an encryption on port {port} ({reason}). The mail "
        "server may be too old; ask its operator."
    ),
    "login_refused": (
        "{host} refused to log in “{user}” and said “{answer}”. Check user and password; some "
        "providers want an app password here, or have to be told to allow this protocol."
    ),
    "login_refused_temporary": (
        "{host} cannot log in “{user}” at the moment and said “{answer}”. We try again later."
    ),
    "login_refused_later": (
        "{host} cannot log in “{user}” at the moment and said “{answer}”. Try again in a few "
        "minutes."
    ),
    "login_refused_needed": (
        "{host} takes mail only from users who log in, and said “{answer}”. Fill in user and "
        "password."
    ),
    "login_refused_characters": (
        "User or password have characters that cannot be sent to {host}. Choose a password of "
        "letters without accents, digits and common signs."
    ),
    "login_refused_browser": (
        "{host} wants somebody to sign in to “{user}” in a browser first, and said “{answer}”. "
        "Sign in to the mailbox on the provider's website, confirm that it was you, then try again "
        "here."
    ),
    "app_password": (
        "{host} refused to log in “{user}” and said “{answer}”. {provider} wants an app password "
        "from mail programs, not the normal one. Make one: {help}"
    ),
    "app_password_2fa": (
        "{host} refused to log in “{user}” and said “{answer}”. Check user and password. If 2-step "
        "verification is on, {provider} wants an app password. Make one: {help}"
    ),
    "app_password_own": (
        "{host} refused to log in “{user}” and said “{answer}”. {provider} wants a password of its "
        "own for mail programs, which is set here: {help}"
    ),
    "app_password_needed": (
        "Google does not take the normal password of “{user}” here, since 2-step verification is "
        "on. Make an app password and use it instead: https://myaccount.google.com/apppasswords"
    ),
    "app_password_first": (
        "Google refused to log in “{user}” and said “{answer}”. What was typed does not look like "
        "an app password (16 letters), and Google takes no other password here. Switch on 2-step "
        "verification (https://myaccount.google.com/signinoptions/twosv), then make an app "
        "password: https://myaccount.google.com/apppasswords"
    ),
    "app_password_wrong": (
        "Google does not know this app password for “{user}” and said “{answer}”. Check the "
        "address, and that the app password belongs to this account; changing the normal password "
        "removes all app passwords. Make a new one: https://myaccount.google.com/apppasswords"
    ),
    "imap_off": (
        "{protocol} is switched off for the mailbox “{user}” on {host}, which said “{answer}”. "
        "Switch it on in the settings of the mailbox on the provider's website (with Gmail under "
        "Settings › Forwarding and POP/IMAP)."
    ),
    "imap_off_domain": (
        "{protocol} is switched off for the whole domain of “{user}”, and {host} said “{answer}”. "
        "An administrator of Google Workspace can switch it on: admin.google.com › Apps › Google "
        "Workspace › Gmail › End user access."
    ),
    "imap_off_maybe": (
        "{host} refused to log in “{user}” and said “{answer}”. Check user and password, and that "
        "other mail programs may use the mailbox: {provider} does not let them until this is "
        "switched on: {help}"
    ),
    "imap_off_maybe_2fa": (
        "{host} refused to log in “{user}” and said “{answer}”. Check user and password, and that "
        "other mail programs may use the mailbox: {provider} does not let them until this is "
        "switched on ({help}). With 2-step verification it wants an app password instead of the "
        "normal one."
    ),
    "passwords_off": (
        "Microsoft takes no password for “{user}” here: {host} said “{answer}”. Choose Microsoft "
        "OAuth and sign in instead. Personal accounts (Outlook.com, Hotmail, Live) cannot be "
        "connected: set up forwarding for them."
    ),
    "passwords_off_old": (
        "{host} refused to log in “{user}” and said “{answer}”. Microsoft no longer takes "
        "passwords here: choose Microsoft OAuth and sign in instead."
    ),
    "passwords_off_policy": (
        "The security defaults of your organisation forbid to log in “{user}” with a password: "
        "{host} said “{answer}”. Choose Microsoft OAuth and sign in instead."
    ),
    "smtp_auth_off": (
        "Microsoft does not let “{user}” send through {host} and said “{answer}”. An administrator "
        "of Microsoft 365 has to allow Authenticated SMTP for this mailbox, and a Conditional "
        "Access policy may forbid it: https://aka.ms/smtp_auth_disabled. Or send through Microsoft "
        "Graph, which needs neither."
    ),
    "smtp_auth_off_mailbox": (
        "Sending by SMTP is switched off for the mailbox “{user}”. An administrator can switch it "
        "on: Microsoft 365 admin center › Users › Active users › the user › Mail › Manage email "
        "apps › Authenticated SMTP (https://aka.ms/smtp_auth_disabled). Or send through Microsoft "
        "Graph, which does not need it."
    ),
    "smtp_auth_off_tenant": (
        "Sending by SMTP is switched off for your whole organisation. An administrator can switch "
        "it on for the mailbox “{user}” alone: Microsoft 365 admin center › Users › Active users › "
        "the user › Mail › Manage email apps › Authenticated SMTP "
        "(https://aka.ms/smtp_auth_disabled). Or send through Microsoft Graph, which does not need "
        "it."
    ),
    "login_not_offered": (
        "{host} does not offer to log in with user and password (it offers: {methods}). It may "
        "want OAuth."
    ),
    "login_not_offered_unencrypted": (
        "{host} does not accept a password over an unencrypted connection. Choose STARTTLS or "
        "SSL/TLS."
    ),
    "login_not_offered_submission": (
        "{host} does not offer to log in on port {port}. Use its port for sending (usually 587 "
        "with STARTTLS or 465 with SSL/TLS), or leave the user empty if it takes mail without a "
        "log-in."
    ),
    "login_not_offered_token": (
        "{host} does not offer to log in with OAuth (it offers: {methods}). Check host name and "
        "port number, or log in with user and password."
    ),
    "token_not_sent": (
        "A sign-in by OAuth is sent only over an encrypted connection. Choose SSL/TLS or STARTTLS "
        "for {host}."
    ),
    "token_not_sent_address": (
        "“{host}” is no address of Microsoft Graph: it begins with https://. Correct or empty the "
        "system parameter helpdesk_mailflow.graph_url."
    ),
    "token_not_sent_unchecked": (
        "A sign-in by OAuth is sent only to a mail server whose certificate is checked. Switch "
        "the check on for {host}."
    ),
    "token_refused": (
        "{host} did not accept the sign-in for the mailbox “{user}” and said “{answer}”. Check "
        "the name of the mailbox, and that it may be used with other mail programs; if both are "
        "right, sign in again."
    ),
    "token_refused_microsoft": (
        "{host} did not accept the sign-in for the mailbox “{user}” and said “{answer}”. Check the "
        "name of the mailbox, and that {protocol} is on for it: Microsoft 365 admin center › Users "
        "› Active users › the user › Mail › Manage email apps. If both are right, sign in again."
    ),
    "token_refused_smtp": (
        "{host} did not accept the sign-in for the mailbox “{user}” and said “{answer}”. Check the "
        "name of the mailbox, and that sending by SMTP is on for it: Microsoft 365 admin center › "
        "Users › Active users › the user › Mail › Manage email apps › Authenticated SMTP. If both "
        "are right, sign in again; or send through Microsoft Graph."
    ),
    "token_refused_app": (
        "{host} did not let the app into the mailbox “{user}” and said “{answer}”. Check the name "
        "of the mailbox, and that an administrator of Exchange has registered the app "
        "(New-ServicePrincipal) and given it rights on this mailbox (Add-MailboxPermission)."
    ),
    "mailbox_not_allowed": (
        "The account “{account}” has no rights on the mailbox “{user}” on {host}, or there is no "
        "such mailbox. Give the account full access to it (Exchange admin center › Mailboxes › "
        "Delegation; it takes up to an hour to work), or choose another account."
    ),
    "mailbox_not_allowed_not_connected": (
        "{host} knows the account that signed in, but does not open the mailbox “{user}” for it. "
        "Give the account full access to it (Exchange admin center › Mailboxes › Delegation; it "
        "takes up to an hour to work), and check that the mailbox exists and has a licence."
    ),
    "sender_refused": (
        "{host} does not let “{user}” send as {sender} and said “{answer}”. Give this user the "
        "right to send as the address, or log in as the user that it belongs to."
    ),
    "sender_refused_anonymous": (
        "{host} does not take mail from {sender} and said “{answer}”. Fill in user and password, "
        "or ask the operator of the mail server."
    ),
    "sender_refused_send_as": (
        "Microsoft does not let “{user}” send as {sender}. In the Exchange admin center open "
        "Recipients › Mailboxes › {sender} › Delegation, and add “{user}” to “Send as”; it takes "
        "up to an hour to work. Or sign in as {sender} itself."
    ),
    "sender_refused_temporary": (
        "{host} cannot take mail from {sender} at the moment and said “{answer}”. Try again in a "
        "few minutes."
    ),
    "sender_refused_characters": (
        "Mail cannot be sent as {sender}: before the @ there may only be letters without accents, "
        "digits and common signs."
    ),
    "sender_refused_graph": (
        "Microsoft Graph does not let us send as {sender} and said “{answer}”. Check that the app "
        "registration has the permission Mail.Send (for shared mailboxes Mail.Send.Shared, too) "
        "and that it was consented to, and give the account “Send as” on the mailbox (Exchange "
        "admin center › Mailboxes › Delegation)."
    ),
    "sender_refused_graph_send_as": (
        "The account that signed in has no right to send as {sender}. In the Exchange admin center "
        "open Recipients › Mailboxes › {sender} › Delegation, and add the account to “Send as”; it "
        "takes up to an hour to work."
    ),
    "sender_mailbox_missing": (
        "Microsoft Graph knows no mailbox {sender} and said “{answer}”. Check the address, and "
        "that the mailbox exists in Microsoft 365 and has a licence if it is a user's."
    ),
    "mail_too_large": (
        "Microsoft Graph takes mails up to {limit} MB including their attachments, and this one "
        "has {size} MB. Send it by SMTP, or share large files by a link."
    ),
    "mail_refused": "{host} did not take the mail and said “{answer}”.",
    "mail_refused_recipients": (
        "{host} did not take the mail because of its recipients and said “{answer}”. Check their "
        "addresses."
    ),
    "sending_slowed": (
        "{host} wants us to send more slowly and said “{answer}”. We go on in {seconds} seconds."
    ),
    "folder_missing": (
        "There is no folder “{folder}” on {host}, or it cannot be opened. Choose the folders of "
        "this mailbox again."
    ),
    "unexpected_answer": (
        "{host} answered something that is not {protocol} while {doing}: “{answer}”. Check that "
        "the port is the right one for {protocol}."
    ),
    "unexpected_answer_refused": "{host} refused while {doing} and said “{answer}”.",
    "unexpected_answer_message": (
        "{host} cannot hand out message {uid} and said “{answer}”. Open this message in another "
        "mail program, and move or delete it if it cannot be read there either."
    ),
    "unexpected_answer_gone": "The mailbox on {host} no longer has message {uid}.",
    "unexpected_answer_too_large": (
        "{host} sent more than {limit} MB while {doing}; we stopped reading."
    ),
    "unexpected_answer_no_uidl": (
        "{host} gives its messages no lasting names (UIDL), so that new mail cannot be told from "
        "known mail. Use IMAP for this mailbox."
    ),
    "unexpected_answer_no_uidvalidity": (
        "{host} gives the messages of “{folder}” no lasting numbers (UIDVALIDITY), so that new "
        "mail cannot be told from known mail."
    ),
    "unexpected_answer_read_only": (
        "The folder “{folder}” on {host} is read-only for “{user}”, so that its messages cannot "
        "be marked. Give this user the right to write, or do not mark messages as read."
    ),
    "key_missing": (
        "The key that sign-ins are encrypted with is missing: {file} is not there. Bring the file "
        "back from a backup, or give the key by the option {option} or the environment variable "
        "{variable}. If it is lost, enter the secrets of the app registrations again, and sign in "
        "again to each connected account."
    ),
    "key_missing_changed": (
        "This was encrypted with another key than the one in {where}. Bring the former key back; "
        "if it is lost, enter the secrets of the app registrations again, and sign in again to "
        "each connected account."
    ),
    "key_missing_foreign": (
        "This was encrypted for another database: a duplicate cannot use the sign-ins of its "
        "original. Enter the secrets of the app registrations again, and sign in again to each "
        "connected account that this database shall use."
    ),
    "key_missing_unreadable": (
        "The key that sign-ins are encrypted with cannot be read from {where} ({reason}). Let the "
        "user that Odoo runs as read the file."
    ),
    "key_missing_short": (
        "The key in {where} is too short to protect sign-ins. It needs at least {count} "
        "characters: give a longer one, such as 44 random letters and digits."
    ),
    "key_missing_not_made": (
        "The key that sign-ins are to be encrypted with could not be written to {file} ({reason}). "
        "Let the user that Odoo runs as write there, or give a key by the option {option} or the "
        "environment variable {variable}."
    ),
    "change_not_offered": (
        "{host} is read by POP, which can do nothing with its messages but delete them. Use IMAP "
        "for this mailbox."
    ),
    "name_not_found_authority": (
        "The sign-in server “{host}” was not found. Check the spelling of its name, and that "
        "this server can look up names in the DNS."
    ),
    "connection_refused_authority": (
        "The sign-in server {host} cannot be reached on port {port}. Check its address, the "
        "network and the firewalls."
    ),
    "connection_refused_authority_busy": (
        "The sign-in server {host} has trouble at the moment and said “{answer}”. We try again "
        "later."
    ),
    "connection_timed_out_authority": (
        "The sign-in server {host} did not answer on port {port} within {seconds} seconds. "
        "Check its address, and that no firewall is in the way."
    ),
    "connection_lost_authority": (
        "The sign-in server {host} closed the connection while {doing}. If this happens again, "
        "check its address, and that no firewall is in the way."
    ),
    "encryption_not_offered_authority": (
        "The sign-in server {host} does not speak HTTPS on port {port}. Check its address."
    ),
    "unexpected_answer_authority": (
        "The sign-in server {host} answered something that is not OpenID Connect while {doing}: "
        "{answer}. Check its address."
    ),
    "sign_in_needed": "The sign-in of “{account}” is no longer valid ({reason}). Sign in again.",
    "sign_in_needed_first": (
        "Nobody has signed in to this account yet, or its sign-in was removed. Sign in."
    ),
    "sign_in_needed_revoked": (
        "The sign-in of “{account}” was revoked; perhaps its password was changed, or an "
        "administrator signed it out. Sign in again."
    ),
    "sign_in_needed_expired": "The sign-in of “{account}” has expired. Sign in again.",
    "sign_in_needed_factor": (
        "The organisation of “{account}” asks for a second factor (multi-factor "
        "authentication). Sign in again, and confirm with it."
    ),
    "sign_in_needed_consent": (
        "“{account}” has not allowed this app to use the mailbox, or the permission was taken "
        "away. Sign in again and accept; if that is not possible, ask the administrator of your "
        "Microsoft 365."
    ),
    "sign_in_needed_password": (
        "The password of “{account}” has expired. Choose a new one in Microsoft 365, then sign "
        "in again."
    ),
    "sign_in_needed_blocked": (
        "The organisation of “{account}” does not let it sign in at the moment ({reason}). Ask "
        "the administrator of your Microsoft 365, then sign in again."
    ),
    "sign_in_refused": "The sign-in server refused the sign-in and said “{reason}”. Sign in again.",
    "sign_in_refused_declined": (
        "The permissions were not accepted. Sign in again and accept them: without them no mail "
        "can be read or sent."
    ),
    "sign_in_refused_admin": (
        "Your organisation wants an administrator to allow this app first. Ask the "
        "administrator of your Microsoft 365 to grant admin consent to the app registration, "
        "then sign in again."
    ),
    "sign_in_refused_stale": "This sign-in was already finished, or is too old. Start it again.",
    "sign_in_refused_account": (
        "This account does not belong to the organisation of the app registration. Sign in with "
        "a work or school account of it; an Outlook.com account can be connected by forwarding."
    ),
    "sign_in_refused_unassigned": (
        "This account may not use the app registration. Ask the administrator of your Microsoft "
        "365 to assign it to the app, then sign in again."
    ),
    "sign_in_refused_brief": (
        "The sign-in server gave a permission for an hour only (no refresh token). Allow "
        "“offline_access” in the app registration, then sign in again."
    ),
    "app_refused": (
        "The sign-in server did not accept the app registration with client ID {client_id} and "
        "said “{reason}”. Check the app registration."
    ),
    "app_refused_client": (
        "There is no app registration with client ID {client_id} in this tenant. Check the "
        "client ID and the tenant."
    ),
    "app_refused_tenant": (
        "There is no tenant {tenant}. Copy the Directory (tenant) ID from the app registration."
    ),
    "app_refused_tenant_needed": (
        "The app registration with client ID {client_id} is for one organisation only. Fill in "
        "the tenant: the Directory (tenant) ID, or a domain of the organisation."
    ),
    "app_refused_secret": (
        "The secret of the app registration with client ID {client_id} is wrong. Copy the value "
        "of the client secret, not its ID; if it is no longer shown, make a new one."
    ),
    "app_refused_expired": (
        "The secret of the app registration with client ID {client_id} has expired. Make a new "
        "client secret, and fill in its value."
    ),
    "app_refused_certificate": (
        "The certificate of the app registration with client ID {client_id} is not accepted. "
        "Upload the same certificate to the app registration, and check that it is still valid."
    ),
    "app_refused_clock": (
        "The clock of this server is not the one of the sign-in server, so that the "
        "certificate's signature is not valid yet or no longer. Set the clock of this server."
    ),
    "app_refused_disabled": (
        "The app registration with client ID {client_id} is disabled. Ask the administrator of "
        "your Microsoft 365 to enable it."
    ),
    "app_refused_permission": (
        "The app registration with client ID {client_id} has no permission for the mail "
        "({reason}). Add the permissions in the app registration, and have admin consent "
        "granted."
    ),
    "app_refused_redirect": (
        "The app registration with client ID {client_id} does not know the address to which we "
        "come back from the sign-in. Add the redirect URI shown here to the app registration, "
        "as kind “Web”."
    ),
    "app_refused_missing": (
        "{app} has no secret or certificate yet. Open the app registration and enter it first."
    ),
    "app_refused_key": (
        "The certificate cannot be used: fill in an RSA private key without password and its "
        "certificate, both in PEM format."
    ),
    "app_refused_authority": (
        "“{authority}” is not the address of a sign-in server: it begins with https:// and "
        "names the tenant, such as https://login.microsoftonline.com/example.com."
    ),
}


class MailboxError(Exception):
    """Something is wrong with a mailbox.

    :param code: the sentence in :data:`SENTENCES`; by default that of the class
    :param temporary: expected to pass by itself; by default what the class says
    :param values: for the placeholders of the sentence; never a password or token
    """

    code: str = "mailbox_error"
    temporary: bool = False
    values: dict[str, str]

    def __init__(self, code: str = "", *, temporary: bool | None = None, **values: object):
        self.code = code or type(self).code
        if temporary is not None:
            self.temporary = temporary
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(SENTENCES[self.code].format_map(self.values))


class AccountMissing(MailboxError):
    """Nobody has signed in for this mailbox. Values: user, for Gmail."""

    code = "account_missing"


class HostNotOfCloud(MailboxError):
    """A token is not for this host: whoever has it could read the mailbox. Values: host, right."""

    code = "host_not_of_cloud"


class NameNotFound(MailboxError):
    """The host name has no address. Values: host."""

    code = "name_not_found"


class ConnectionRefused(MailboxError):
    """Nobody listens there, there is no way there, or we are turned away at the door. Values:
    host, port[, reason or answer]."""

    code = "connection_refused"
    temporary = True


class ConnectionTimedOut(MailboxError):
    """No answer in time. Values: host, port, seconds[, doing]."""

    code = "connection_timed_out"
    temporary = True


class ConnectionLost(MailboxError):
    """The server went away in the middle. Values: host, port, doing[, answer]."""

    code = "connection_lost"
    temporary = True


class CertificateNotTrusted(MailboxError):
    """The server's certificate does not pass the check.

    Values: host, reason (``expired``, ``self-signed``, ``unknown authority``, ``wrong host
    name``, or other words), detail (a sentence), names (those in the certificate, separated
    by commas; empty unless the host name is the reason).
    """

    code = "certificate_not_trusted"


class EncryptionNotOffered(MailboxError):
    """The server does not encrypt in the way asked for. Values: host, port, tls_port[, reason]."""

    code = "encryption_not_offered"


class LoginRefused(MailboxError):
    """User and password were not accepted. Values: host, user, answer."""

    code = "login_refused"


class AppPassword(LoginRefused):
    """The provider wants an app password. Values: host, user, answer[, provider, help]."""

    code = "app_password"


class ImapOff(LoginRefused):
    """The mailbox lets no mail programs in. Values: host, user, answer, protocol[, provider,
    help]."""

    code = "imap_off"


class PasswordsOff(LoginRefused):
    """The provider takes no passwords, but OAuth. Values: host, user, answer."""

    code = "passwords_off"


class SmtpAuthOff(LoginRefused):
    """Microsoft: the mailbox, or all of them, may not log in to send. Values: host, user,
    answer."""

    code = "smtp_auth_off"


class LoginNotOffered(MailboxError):
    """The server takes no password, or not on this connection. Values: host[, methods]."""

    code = "login_not_offered"


class TokenNotSent(LoginNotOffered):
    """The connection is not safe enough for an access token. Values: host."""

    code = "token_not_sent"


class TokenRefused(LoginRefused):
    """The server does not take the access token. Values: host, user (the mailbox), answer."""

    code = "token_refused"


class MailboxNotAllowed(LoginRefused):
    """The account that signed in has no rights on this mailbox. Values: host, user (the
    mailbox)[, account]."""

    code = "mailbox_not_allowed"


class SenderRefused(MailboxError):
    """Mail as this address is not taken from this user. Values: host, user, sender, answer."""

    code = "sender_refused"


class SenderMailboxMissing(MailboxError):
    """There is no mailbox to send from. Values: host, sender, answer."""

    code = "sender_mailbox_missing"


class MailTooLarge(MailboxError):
    """The mail cannot be sent on this way. Values: host, limit and size in megabytes."""

    code = "mail_too_large"


class MailRefused(MailboxError):
    """A mail is not taken as it is. Values: host, answer."""

    code = "mail_refused"


class SendingSlowed(MailboxError):
    """Too many mails of late. Values: host, answer, seconds to wait."""

    code = "sending_slowed"
    temporary = True


class FolderMissing(MailboxError):
    """The folder does not exist or cannot be opened. Values: host, folder."""

    code = "folder_missing"


class KeyMissing(MailboxError):
    """What is kept encrypted cannot be opened. Values: by the code file, where, option, variable,
    reason, count."""

    code = "key_missing"


class ChangeNotOffered(MailboxError):
    """The protocol has no way to change messages like this. Values: host."""

    code = "change_not_offered"


class UnexpectedAnswer(MailboxError):
    """The server answered something that makes no sense, or said no. Values: host and others.

    A message that the server cannot hand out: code ``unexpected_answer_message`` with
    ``uid``, one or several UIDs separated by commas.
    """

    code = "unexpected_answer"


class SignInNeeded(MailboxError):
    """Somebody has to sign in again: the consent was revoked or has expired, the password
    was changed, a second factor is wanted. Values: account[, reason]."""

    code = "sign_in_needed"


class SignInRefused(MailboxError):
    """The sign-in in the browser did not end well. Values: reason."""

    code = "sign_in_refused"


class AppRefused(MailboxError):
    """The app registration is unknown, or its secret or certificate is not accepted, or it
    lacks a permission. Values: client_id, tenant, reason, authority, app."""

    code = "app_refused"
