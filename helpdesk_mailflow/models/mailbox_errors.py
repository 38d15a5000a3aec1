# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What can go wrong with a mailbox, translatable. The engine has the same in English
(``mailflow/errors.py``); a test compares the two."""

from odoo.tools.translate import LazyTranslate

from ..mailflow import errors
from ..mailflow.errors import MailboxError

_lt = LazyTranslate(__name__)

SENTENCES = {
    "account_missing": _lt(
        "No connected account is chosen to log in with. Choose one, or make a new authorisation."
    ),
    "account_missing_gmail": _lt(
        "“%(user)s” is not connected with Gmail yet. Open its mail scanner, and connect it there."
    ),
    "account_missing_gmail_refused": _lt(
        "Google gives no access to “%(user)s” any more. Connect the Gmail account again; if that "
        "does not help, check the Gmail credentials in the general settings."
    ),
    "host_not_of_cloud": _lt(
        "%(host)s is not a mail server of Microsoft’s cloud that the account signs in to, and gets "
        "no access to its mailboxes. Type %(right)s as the server."
    ),
    "mailbox_error": _lt("The mailbox on %(host)s could not be used."),
    "name_not_found": _lt(
        "The mail server “%(host)s” was not found. Check the spelling of its name, and "
        "that this server can look up names in the DNS."
    ),
    "connection_refused": _lt(
        "%(host)s does not accept connections on port %(port)s. Check the port number, "
        "and that the mail server is running."
    ),
    "connection_refused_unreachable": _lt(
        "%(host)s cannot be reached on port %(port)s (%(reason)s). Check the network "
        "and the firewalls."
    ),
    "connection_refused_busy": _lt(
        "%(host)s has too many connections or too much to do at the moment and said "
        "“%(answer)s”. Try again in a few minutes; if it stays like this, ask the operator "
        "of the mail server."
    ),
    "connection_refused_unwelcome": _lt(
        "%(host)s does not take mail from this server and said “%(answer)s”. Ask the "
        "operator of the mail server why."
    ),
    "connection_timed_out": _lt(
        "%(host)s did not answer on port %(port)s within %(seconds)s seconds. Check "
        "host name and port number, and that no firewall is in the way."
    ),
    "connection_timed_out_greeting": _lt(
        "%(host)s accepted the connection on port %(port)s but said nothing within "
        "%(seconds)s seconds. Does this port expect encryption? Then choose SSL/TLS."
    ),
    "connection_timed_out_command": _lt(
        "%(host)s stopped answering while %(doing)s; we waited %(seconds)s seconds. If "
        "this happens again, ask the operator of the mail server."
    ),
    "connection_timed_out_blocked": _lt(
        "%(host)s did not answer on port %(port)s within %(seconds)s seconds. Many networks"
        " block port %(port)s: use port 587 with STARTTLS or port 465 with SSL/TLS."
    ),
    "connection_lost": _lt(
        "%(host)s closed the connection while %(doing)s. If this happens again, ask the"
        " operator of the mail server."
    ),
    "connection_lost_bye": _lt(
        "%(host)s closed the connection while %(doing)s and said “%(answer)s”. If this "
        "happens again, ask the operator of the mail server."
    ),
    "certificate_not_trusted": _lt(
        "The certificate of %(host)s is not trusted (%(reason)s): %(detail)s"
    ),
    "encryption_not_offered": _lt(
        "%(host)s does not speak TLS on port %(port)s: does this port expect "
        "encryption? Choose STARTTLS, or the port for SSL/TLS (usually %(tls_port)s)."
    ),
    "encryption_not_offered_starttls": _lt(
        "%(host)s does not offer STARTTLS on port %(port)s. Choose SSL/TLS with its own"
        " port (usually %(tls_port)s), or no encryption if the mail server is in your "
        "own network."
    ),
    "encryption_not_offered_failed": _lt(
        "%(host)s and we could not agree on an encryption on port %(port)s "
        "(%(reason)s). The mail server may be too old; ask its operator."
    ),
    "login_refused": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. Check user and "
        "password; some providers want an app password here, or have to be told to "
        "allow this protocol."
    ),
    "login_refused_temporary": _lt(
        "%(host)s cannot log in “%(user)s” at the moment and said “%(answer)s”. We try again later."
    ),
    "login_refused_later": _lt(
        "%(host)s cannot log in “%(user)s” at the moment and said “%(answer)s”. Try again in"
        " a few minutes."
    ),
    "login_refused_needed": _lt(
        "%(host)s takes mail only from users who log in, and said “%(answer)s”. Fill in "
        "user and password."
    ),
    "login_refused_characters": _lt(
        "User or password have characters that cannot be sent to %(host)s. Choose a "
        "password of letters without accents, digits and common signs."
    ),
    "login_refused_browser": _lt(
        "%(host)s wants somebody to sign in to “%(user)s” in a browser first, and said "
        "“%(answer)s”. Sign in to the mailbox on the provider's website, confirm that it was "
        "you, then try again here."
    ),
    "app_password": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. %(provider)s wants an "
        "app password from mail programs, not the normal one. Make one: %(help)s"
    ),
    "app_password_2fa": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. Check user and "
        "password. If 2-step verification is on, %(provider)s wants an app password. Make "
        "one: %(help)s"
    ),
    "app_password_own": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. %(provider)s wants a "
        "password of its own for mail programs, which is set here: %(help)s"
    ),
    "app_password_needed": _lt(
        "Google does not take the normal password of “%(user)s” here, since 2-step "
        "verification is on. Make an app password and use it instead: "
        "https://myaccount.google.com/apppasswords"
    ),
    "app_password_first": _lt(
        "Google refused to log in “%(user)s” and said “%(answer)s”. What was typed does not "
        "look like an app password (16 letters), and Google takes no other password here. "
        "Switch on 2-step verification (https://myaccount.google.com/signinoptions/twosv), "
        "then make an app password: https://myaccount.google.com/apppasswords"
    ),
    "app_password_wrong": _lt(
        "Google does not know this app password for “%(user)s” and said “%(answer)s”. Check "
        "the address, and that the app password belongs to this account; changing the normal "
        "password removes all app passwords. Make a new one: "
        "https://myaccount.google.com/apppasswords"
    ),
    "imap_off": _lt(
        "%(protocol)s is switched off for the mailbox “%(user)s” on %(host)s, which said "
        "“%(answer)s”. Switch it on in the settings of the mailbox on the provider's website "
        "(with Gmail under Settings › Forwarding and POP/IMAP)."
    ),
    "imap_off_domain": _lt(
        "%(protocol)s is switched off for the whole domain of “%(user)s”, and %(host)s said "
        "“%(answer)s”. An administrator of Google Workspace can switch it on: "
        "admin.google.com › Apps › Google Workspace › Gmail › End user access."
    ),
    "imap_off_maybe": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. Check user and "
        "password, and that other mail programs may use the mailbox: %(provider)s does not "
        "let them until this is switched on: %(help)s"
    ),
    "imap_off_maybe_2fa": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. Check user and "
        "password, and that other mail programs may use the mailbox: %(provider)s does not "
        "let them until this is switched on (%(help)s). With 2-step verification it wants an "
        "app password instead of the normal one."
    ),
    "passwords_off": _lt(
        "Microsoft takes no password for “%(user)s” here: %(host)s said “%(answer)s”. Choose "
        "Microsoft OAuth and sign in instead. Personal accounts (Outlook.com, Hotmail, Live) "
        "cannot be connected: set up forwarding for them."
    ),
    "passwords_off_old": _lt(
        "%(host)s refused to log in “%(user)s” and said “%(answer)s”. Microsoft no longer "
        "takes passwords here: choose Microsoft OAuth and sign in instead."
    ),
    "passwords_off_policy": _lt(
        "The security defaults of your organisation forbid to log in “%(user)s” with a "
        "password: %(host)s said “%(answer)s”. Choose Microsoft OAuth and sign in instead."
    ),
    "smtp_auth_off": _lt(
        "Microsoft does not let “%(user)s” send through %(host)s and said “%(answer)s”. An "
        "administrator of Microsoft 365 has to allow Authenticated SMTP for this mailbox, and"
        " a Conditional Access policy may forbid it: https://aka.ms/smtp_auth_disabled. Or "
        "send through Microsoft Graph, which needs neither."
    ),
    "smtp_auth_off_mailbox": _lt(
        "Sending by SMTP is switched off for the mailbox “%(user)s”. An administrator can "
        "switch it on: Microsoft 365 admin center › Users › Active users › the user › Mail › "
        "Manage email apps › Authenticated SMTP (https://aka.ms/smtp_auth_disabled). Or send "
        "through Microsoft Graph, which does not need it."
    ),
    "smtp_auth_off_tenant": _lt(
        "Sending by SMTP is switched off for your whole organisation. An administrator can "
        "switch it on for the mailbox “%(user)s” alone: Microsoft 365 admin center › Users › "
        "Active users › the user › Mail › Manage email apps › Authenticated SMTP "
        "(https://aka.ms/smtp_auth_disabled). Or send through Microsoft Graph, which does not"
        " need it."
    ),
    "login_not_offered": _lt(
        "%(host)s does not offer to log in with user and password (it offers: "
        "%(methods)s). It may want OAuth."
    ),
    "login_not_offered_unencrypted": _lt(
        "%(host)s does not accept a password over an unencrypted connection. Choose "
        "STARTTLS or SSL/TLS."
    ),
    "login_not_offered_submission": _lt(
        "%(host)s does not offer to log in on port %(port)s. Use its port for sending "
        "(usually 587 with STARTTLS or 465 with SSL/TLS), or leave the user empty if it "
        "takes mail without a log-in."
    ),
    "login_not_offered_token": _lt(
        "%(host)s does not offer to log in with OAuth (it offers: %(methods)s). Check host "
        "name and port number, or log in with user and password."
    ),
    "token_not_sent": _lt(
        "A sign-in by OAuth is sent only over an encrypted connection. Choose SSL/TLS or "
        "STARTTLS for %(host)s."
    ),
    "token_not_sent_address": _lt(
        "“%(host)s” is no address of Microsoft Graph: it begins with https://. Correct or empty "
        "the system parameter helpdesk_mailflow.graph_url."
    ),
    "token_not_sent_unchecked": _lt(
        "A sign-in by OAuth is sent only to a mail server whose certificate is checked. "
        "Switch the check on for %(host)s."
    ),
    "token_refused": _lt(
        "%(host)s did not accept the sign-in for the mailbox “%(user)s” and said "
        "“%(answer)s”. Check the name of the mailbox, and that it may be used with other mail"
        " programs; if both are right, sign in again."
    ),
    "token_refused_microsoft": _lt(
        "%(host)s did not accept the sign-in for the mailbox “%(user)s” and said "
        "“%(answer)s”. Check the name of the mailbox, and that %(protocol)s is on for it: "
        "Microsoft 365 admin center › Users › Active users › the user › Mail › Manage email "
        "apps. If both are right, sign in again."
    ),
    "token_refused_smtp": _lt(
        "%(host)s did not accept the sign-in for the mailbox “%(user)s” and said "
        "“%(answer)s”. Check the name of the mailbox, and that sending by SMTP is on for it: "
        "Microsoft 365 admin center › Users › Active users › the user › Mail › Manage email "
        "apps › Authenticated SMTP. If both are right, sign in again; or send through "
        "Microsoft Graph."
    ),
    "token_refused_app": _lt(
        "%(host)s did not let the app into the mailbox “%(user)s” and said “%(answer)s”. "
        "Check the name of the mailbox, and that an administrator of Exchange has registered "
        "the app (New-ServicePrincipal) and given it rights on this mailbox "
        "(Add-MailboxPermission)."
    ),
    "mailbox_not_allowed": _lt(
        "The account “%(account)s” has no rights on the mailbox “%(user)s” on %(host)s, or "
        "there is no such mailbox. Give the account full access to it (Exchange admin center "
        "› Mailboxes › Delegation; it takes up to an hour to work), or choose another "
        "account."
    ),
    "mailbox_not_allowed_not_connected": _lt(
        "%(host)s knows the account that signed in, but does not open the mailbox “%(user)s” "
        "for it. Give the account full access to it (Exchange admin center › Mailboxes › "
        "Delegation; it takes up to an hour to work), and check that the mailbox exists and "
        "has a licence."
    ),
    "sender_refused": _lt(
        "%(host)s does not let “%(user)s” send as %(sender)s and said “%(answer)s”. Give "
        "this user the right to send as the address, or log in as the user that it belongs "
        "to."
    ),
    "sender_refused_anonymous": _lt(
        "%(host)s does not take mail from %(sender)s and said “%(answer)s”. Fill in user "
        "and password, or ask the operator of the mail server."
    ),
    "sender_refused_send_as": _lt(
        "Microsoft does not let “%(user)s” send as %(sender)s. In the Exchange admin center "
        "open Recipients › Mailboxes › %(sender)s › Delegation, and add “%(user)s” to “Send "
        "as”; it takes up to an hour to work. Or sign in as %(sender)s itself."
    ),
    "sender_refused_temporary": _lt(
        "%(host)s cannot take mail from %(sender)s at the moment and said “%(answer)s”. Try"
        " again in a few minutes."
    ),
    "sender_refused_characters": _lt(
        "Mail cannot be sent as %(sender)s: before the @ there may only be letters without "
        "accents, digits and common signs."
    ),
    "sender_refused_graph": _lt(
        "Microsoft Graph does not let us send as %(sender)s and said “%(answer)s”. Check that"
        " the app registration has the permission Mail.Send (for shared mailboxes "
        "Mail.Send.Shared, too) and that it was consented to, and give the account “Send as” "
        "on the mailbox (Exchange admin center › Mailboxes › Delegation)."
    ),
    "sender_refused_graph_send_as": _lt(
        "The account that signed in has no right to send as %(sender)s. In the Exchange admin"
        " center open Recipients › Mailboxes › %(sender)s › Delegation, and add the account "
        "to “Send as”; it takes up to an hour to work."
    ),
    "sender_mailbox_missing": _lt(
        "Microsoft Graph knows no mailbox %(sender)s and said “%(answer)s”. Check the "
        "address, and that the mailbox exists in Microsoft 365 and has a licence if it is a "
        "user's."
    ),
    "mail_too_large": _lt(
        "Microsoft Graph takes mails up to %(limit)s MB including their attachments, and this"
        " one has %(size)s MB. Send it by SMTP, or share large files by a link."
    ),
    "mail_refused": _lt("%(host)s did not take the mail and said “%(answer)s”."),
    "mail_refused_recipients": _lt(
        "%(host)s did not take the mail because of its recipients and said “%(answer)s”. "
        "Check their addresses."
    ),
    "sending_slowed": _lt(
        "%(host)s wants us to send more slowly and said “%(answer)s”. We go on in %(seconds)s"
        " seconds."
    ),
    "folder_missing": _lt(
        "There is no folder “%(folder)s” on %(host)s, or it cannot be opened. Choose "
        "the folders of this mailbox again."
    ),
    "unexpected_answer": _lt(
        "%(host)s answered something that is not %(protocol)s while %(doing)s: "
        "“%(answer)s”. Check that the port is the right one for %(protocol)s."
    ),
    "unexpected_answer_refused": _lt("%(host)s refused while %(doing)s and said “%(answer)s”."),
    "unexpected_answer_message": _lt(
        "%(host)s cannot hand out message %(uid)s and said “%(answer)s”. Open this "
        "message in another mail program, and move or delete it if it cannot be read "
        "there either."
    ),
    "unexpected_answer_gone": _lt("The mailbox on %(host)s no longer has message %(uid)s."),
    "unexpected_answer_too_large": _lt(
        "%(host)s sent more than %(limit)s MB while %(doing)s; we stopped reading."
    ),
    "unexpected_answer_no_uidl": _lt(
        "%(host)s gives its messages no lasting names (UIDL), so that new mail cannot "
        "be told from known mail. Use IMAP for this mailbox."
    ),
    "unexpected_answer_no_uidvalidity": _lt(
        "%(host)s gives the messages of “%(folder)s” no lasting numbers (UIDVALIDITY), "
        "so that new mail cannot be told from known mail."
    ),
    "unexpected_answer_read_only": _lt(
        "The folder “%(folder)s” on %(host)s is read-only for “%(user)s”, so that its "
        "messages cannot be marked. Give this user the right to write, or do not mark "
        "messages as read."
    ),
    "key_missing": _lt(
        "The key that sign-ins are encrypted with is missing: %(file)s is not there. Bring the "
        "file back from a backup, or give the key by the option %(option)s or the environment "
        "variable %(variable)s. If it is lost, enter the secrets of the app registrations again, "
        "and sign in again to each connected account."
    ),
    "key_missing_changed": _lt(
        "This was encrypted with another key than the one in %(where)s. Bring the former key "
        "back; if it is lost, enter the secrets of the app registrations again, and sign in again "
        "to each connected account."
    ),
    "key_missing_foreign": _lt(
        "This was encrypted for another database: a duplicate cannot use the sign-ins of its "
        "original. Enter the secrets of the app registrations again, and sign in again to each "
        "connected account that this database shall use."
    ),
    "key_missing_unreadable": _lt(
        "The key that sign-ins are encrypted with cannot be read from %(where)s (%(reason)s). Let "
        "the user that Odoo runs as read the file."
    ),
    "key_missing_short": _lt(
        "The key in %(where)s is too short to protect sign-ins. It needs at least %(count)s "
        "characters: give a longer one, such as 44 random letters and digits."
    ),
    "key_missing_not_made": _lt(
        "The key that sign-ins are to be encrypted with could not be written to %(file)s "
        "(%(reason)s). Let the user that Odoo runs as write there, or give a key by the option "
        "%(option)s or the environment variable %(variable)s."
    ),
    "change_not_offered": _lt(
        "%(host)s is read by POP, which can do nothing with its messages but delete "
        "them. Use IMAP for this mailbox."
    ),
    "name_not_found_authority": _lt(
        "The sign-in server “%(host)s” was not found. Check the spelling of its name, and that "
        "this server can look up names in the DNS."
    ),
    "connection_refused_authority": _lt(
        "The sign-in server %(host)s cannot be reached on port %(port)s. Check its address, the "
        "network and the firewalls."
    ),
    "connection_refused_authority_busy": _lt(
        "The sign-in server %(host)s has trouble at the moment and said “%(answer)s”. We try "
        "again later."
    ),
    "connection_timed_out_authority": _lt(
        "The sign-in server %(host)s did not answer on port %(port)s within %(seconds)s "
        "seconds. Check its address, and that no firewall is in the way."
    ),
    "connection_lost_authority": _lt(
        "The sign-in server %(host)s closed the connection while %(doing)s. If this happens "
        "again, check its address, and that no firewall is in the way."
    ),
    "encryption_not_offered_authority": _lt(
        "The sign-in server %(host)s does not speak HTTPS on port %(port)s. Check its address."
    ),
    "unexpected_answer_authority": _lt(
        "The sign-in server %(host)s answered something that is not OpenID Connect while "
        "%(doing)s: %(answer)s. Check its address."
    ),
    "sign_in_needed": _lt(
        "The sign-in of “%(account)s” is no longer valid (%(reason)s). Sign in again."
    ),
    "sign_in_needed_first": _lt(
        "Nobody has signed in to this account yet, or its sign-in was removed. Sign in."
    ),
    "sign_in_needed_revoked": _lt(
        "The sign-in of “%(account)s” was revoked; perhaps its password was changed, or an "
        "administrator signed it out. Sign in again."
    ),
    "sign_in_needed_expired": _lt("The sign-in of “%(account)s” has expired. Sign in again."),
    "sign_in_needed_factor": _lt(
        "The organisation of “%(account)s” asks for a second factor (multi-factor "
        "authentication). Sign in again, and confirm with it."
    ),
    "sign_in_needed_consent": _lt(
        "“%(account)s” has not allowed this app to use the mailbox, or the permission was taken "
        "away. Sign in again and accept; if that is not possible, ask the administrator of your "
        "Microsoft 365."
    ),
    "sign_in_needed_password": _lt(
        "The password of “%(account)s” has expired. Choose a new one in Microsoft 365, then "
        "sign in again."
    ),
    "sign_in_needed_blocked": _lt(
        "The organisation of “%(account)s” does not let it sign in at the moment (%(reason)s). "
        "Ask the administrator of your Microsoft 365, then sign in again."
    ),
    "sign_in_refused": _lt(
        "The sign-in server refused the sign-in and said “%(reason)s”. Sign in again."
    ),
    "sign_in_refused_declined": _lt(
        "The permissions were not accepted. Sign in again and accept them: without them no mail "
        "can be read or sent."
    ),
    "sign_in_refused_admin": _lt(
        "Your organisation wants an administrator to allow this app first. Ask the "
        "administrator of your Microsoft 365 to grant admin consent to the app registration, "
        "then sign in again."
    ),
    "sign_in_refused_stale": _lt(
        "This sign-in was already finished, or is too old. Start it again."
    ),
    "sign_in_refused_account": _lt(
        "This account does not belong to the organisation of the app registration. Sign in with "
        "a work or school account of it; an Outlook.com account can be connected by forwarding."
    ),
    "sign_in_refused_unassigned": _lt(
        "This account may not use the app registration. Ask the administrator of your Microsoft "
        "365 to assign it to the app, then sign in again."
    ),
    "sign_in_refused_brief": _lt(
        "The sign-in server gave a permission for an hour only (no refresh token). Allow "
        "“offline_access” in the app registration, then sign in again."
    ),
    "app_refused": _lt(
        "The sign-in server did not accept the app registration with client ID %(client_id)s "
        "and said “%(reason)s”. Check the app registration."
    ),
    "app_refused_client": _lt(
        "There is no app registration with client ID %(client_id)s in this tenant. Check the "
        "client ID and the tenant."
    ),
    "app_refused_tenant": _lt(
        "There is no tenant %(tenant)s. Copy the Directory (tenant) ID from the app registration."
    ),
    "app_refused_tenant_needed": _lt(
        "The app registration with client ID %(client_id)s is for one organisation only. Fill "
        "in the tenant: the Directory (tenant) ID, or a domain of the organisation."
    ),
    "app_refused_secret": _lt(
        "The secret of the app registration with client ID %(client_id)s is wrong. Copy the "
        "value of the client secret, not its ID; if it is no longer shown, make a new one."
    ),
    "app_refused_expired": _lt(
        "The secret of the app registration with client ID %(client_id)s has expired. Make a "
        "new client secret, and fill in its value."
    ),
    "app_refused_certificate": _lt(
        "The certificate of the app registration with client ID %(client_id)s is not accepted. "
        "Upload the same certificate to the app registration, and check that it is still valid."
    ),
    "app_refused_clock": _lt(
        "The clock of this server is not the one of the sign-in server, so that the "
        "certificate's signature is not valid yet or no longer. Set the clock of this server."
    ),
    "app_refused_disabled": _lt(
        "The app registration with client ID %(client_id)s is disabled. Ask the administrator "
        "of your Microsoft 365 to enable it."
    ),
    "app_refused_permission": _lt(
        "The app registration with client ID %(client_id)s has no permission for the mail "
        "(%(reason)s). Add the permissions in the app registration, and have admin consent "
        "granted."
    ),
    "app_refused_redirect": _lt(
        "The app registration with client ID %(client_id)s does not know the address to which "
        "we come back from the sign-in. Add the redirect URI shown here to the app "
        "registration, as kind “Web”."
    ),
    "app_refused_missing": _lt(
        "%(app)s has no secret or certificate yet. Open the app registration and enter it first."
    ),
    "app_refused_key": _lt(
        "The certificate cannot be used: fill in an RSA private key without password and its "
        "certificate, both in PEM format."
    ),
    "app_refused_authority": _lt(
        "“%(authority)s” is not the address of a sign-in server: it begins with https:// and "
        "names the tenant, such as https://login.microsoftonline.com/example.com."
    ),
}


def sentence(env, error: MailboxError) -> str:
    """What is wrong and what to do, in the language of ``env``."""
    template = env._(SENTENCES[error.code])
    return template % error.values


#: What helpdesk managers read on the folder: they may not know hosts and users.
FOR_MANAGERS = {
    errors.AccountMissing: _lt("Nobody has signed in to the mailbox."),
    errors.HostNotOfCloud: _lt("The sign-in is not for this mail server."),
    errors.NameNotFound: _lt("The mail server was not found."),
    errors.ConnectionRefused: _lt("The mail server does not accept connections."),
    errors.ConnectionTimedOut: _lt("The mail server did not answer in time."),
    errors.ConnectionLost: _lt("The mail server broke off the connection."),
    errors.CertificateNotTrusted: _lt("The certificate of the mail server is not trusted."),
    errors.EncryptionNotOffered: _lt("The mail server does not encrypt as it is set up."),
    errors.LoginRefused: _lt("The mail server refused to log in."),
    errors.LoginNotOffered: _lt("The mail server does not offer to log in as it is set up."),
    errors.SenderMailboxMissing: _lt("There is no mailbox that could send as this address."),
    errors.MailTooLarge: _lt("The mail is too large to be sent on this way."),
    errors.MailRefused: _lt("The mail server did not take the mail."),
    errors.SendingSlowed: _lt("The mail server wants us to send more slowly."),
    errors.SenderRefused: _lt("The mail server does not let this user send as this address."),
    errors.FolderMissing: _lt("This folder is not there, or cannot be opened."),
    errors.KeyMissing: _lt("The sign-in to the mailbox cannot be decrypted."),
    errors.ChangeNotOffered: _lt("A mailbox that is read by POP can only delete messages."),
    errors.UnexpectedAnswer: _lt("The mail server answered something unexpected."),
    errors.SignInNeeded: _lt("Somebody has to sign in to the mailbox again."),
    errors.SignInRefused: _lt("The sign-in to the mailbox was refused."),
    errors.AppRefused: _lt("The app registration for the mailbox is not accepted."),
    MailboxError: _lt("The mailbox could not be used."),
}


def sentence_for_managers(env, error: Exception) -> str:
    """The same without host, user and what the server said."""
    if isinstance(error, MailboxError):
        text = kind_for_managers(env, error)
    else:
        text = env._("A mail could not be stored.")
    more = env._("A system administrator finds more on the mail scanner.")
    return f"{text} {more}"


def kind_for_managers(env, error: MailboxError) -> str:
    """What kind of trouble it is, in a sentence."""
    kind = next(each for each in type(error).__mro__ if each in FOR_MANAGERS)
    return env._(FOR_MANAGERS[kind])
