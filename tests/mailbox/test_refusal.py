"""What well-known providers mean when they refuse: the sentence that an admin reads."""

import pytest
from servers.hostile import Hostile
from servers.smtp import REFUSALS, SEND_AS_DENIED, Smtp

from mailflow import errors, refusal
from mailflow.mailbox import MailServer, connect
from mailflow.mailbox_provider_table import PROVIDERS
from mailflow.smtp import SmtpSettings, check
from mailflow.wire import login_refused

ANNA = "anna@example.com"
APP_PASSWORD = "abcd efgh ijkl mnop"


def told(host, answer, protocol="imap", password="Sommer2026!", token=""):
    """The error for an answer, as the sessions make it."""
    if protocol == "smtp":
        server = SmtpSettings(host, 587, "starttls", ANNA, ANNA, password, token=token)
    else:
        server = MailServer(protocol, host, 993, "tls", ANNA, password, token=token)
    return login_refused(server, answer)


GOOGLE_INVALID = "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"
GOOGLE_NOT_ACCEPTED = (
    "5.7.8 Username and Password not accepted. For more information, go to 5.7.8 "
    "https://support.google.com/mail/?p=BadCredentials x1sm1 - gsmtp"
)
YAHOO_INVALID = "[AUTHENTICATIONFAILED] LOGIN Invalid credentials"
OFF = "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {}."


@pytest.mark.parametrize(
    ("host", "answer", "options", "code", "sentence"),
    [
        (
            "imap.gmail.com",
            "[ALERT] Application-specific password required: "
            "https://support.google.com/accounts/answer/185833 (Failure)",
            {},
            "app_password_needed",
            "Google does not take the normal password of “anna@example.com” here, since 2-step "
            "verification is on. Make an app password and use it instead: "
            "https://myaccount.google.com/apppasswords",
        ),
        (
            "smtp.gmail.com",
            "5.7.9 Application-specific password required. For more information, go to 5.7.9 "
            "https://support.google.com/mail/?p=InvalidSecondFactor x1sm1 - gsmtp",
            {"protocol": "smtp"},
            "app_password_needed",
            "",
        ),
        (
            "imap.gmail.com",
            GOOGLE_INVALID,
            {},
            "app_password_first",
            "Google refused to log in “anna@example.com” and said “[AUTHENTICATIONFAILED] Invalid "
            "credentials (Failure)”. What was typed does not look like an app password (16 "
            "letters), and Google takes no other password here. Switch on 2-step verification "
            "(https://myaccount.google.com/signinoptions/twosv), then make an app password: "
            "https://myaccount.google.com/apppasswords",
        ),
        (
            "imap.gmail.com",
            GOOGLE_INVALID,
            {"password": APP_PASSWORD},
            "app_password_wrong",
            "Google does not know this app password for “anna@example.com” and said "
            "“[AUTHENTICATIONFAILED] Invalid credentials (Failure)”. Check the address, and that "
            "the app password belongs to this account; changing the normal password removes all "
            "app passwords. Make a new one: https://myaccount.google.com/apppasswords",
        ),
        ("smtp.gmail.com", GOOGLE_NOT_ACCEPTED, {"protocol": "smtp"}, "app_password_first", ""),
        (
            "smtp.gmail.com",
            GOOGLE_NOT_ACCEPTED,
            {"protocol": "smtp", "password": APP_PASSWORD.replace(" ", "")},
            "app_password_wrong",
            "",
        ),
        ("imap.gmail.com", GOOGLE_INVALID, {"token": "t" * 20}, "token_refused", ""),
        (
            "imap.gmail.com",
            "[ALERT] Please log in via your web browser: "
            "https://support.google.com/mail/accounts/answer/78754 (Failure)",
            {},
            "login_refused_browser",
            "imap.gmail.com wants somebody to sign in to “anna@example.com” in a browser first, "
            "and said “[ALERT] Please log in via your web browser: "
            "https://support.google.com/mail/accounts/answer/78754 (Failure)”. Sign in to the "
            "mailbox on the provider's website, confirm that it was you, then try again here.",
        ),
        ("pop.gmail.com", "[AUTH] Web login required: https://support.google.com/mail/answer/78754",
         {"protocol": "pop"}, "login_refused_browser", ""),
        (
            "imap.gmail.com",
            "[ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings "
            "page and enable your account for IMAP access. (Failure)",
            {"password": APP_PASSWORD},
            "imap_off",
            "IMAP is switched off for the mailbox “anna@example.com” on imap.gmail.com, which "
            "said “[ALERT] Your account is not enabled for IMAP use. Please visit your Gmail "
            "settings page and enable your account for IMAP access. (Failure)”. Switch it on in "
            "the settings of the mailbox on the provider's website (with Gmail under Settings › "
            "Forwarding and POP/IMAP).",
        ),
        (
            "imap.gmail.com",
            "[ALERT] IMAP access is disabled for your domain. Please contact your domain "
            "administrator for questions about this feature. (Failure)",
            {},
            "imap_off_domain",
            "IMAP is switched off for the whole domain of “anna@example.com”, and imap.gmail.com "
            "said “[ALERT] IMAP access is disabled for your domain. Please contact your domain "
            "administrator for questions about this feature. (Failure)”. An administrator of "
            "Google Workspace can switch it on: admin.google.com › Apps › Google Workspace › "
            "Gmail › End user access.",
        ),
        (
            "outlook.office365.com",
            "LOGIN failed.",
            {},
            "passwords_off_old",
            "outlook.office365.com refused to log in “anna@example.com” and said “LOGIN failed.”. "
            "Microsoft no longer takes passwords here: choose Microsoft OAuth and sign in instead.",
        ),
        (
            "outlook.office365.com",
            "Basic authentication is disabled.",
            {},
            "passwords_off",
            "Microsoft takes no password for “anna@example.com” here: outlook.office365.com said "
            "“Basic authentication is disabled.”. Choose Microsoft OAuth and sign in instead. "
            "Personal accounts (Outlook.com, Hotmail, Live) cannot be connected: set up "
            "forwarding for them.",
        ),
        (
            "outlook.office365.com",
            "AUTHENTICATE failed.",
            {"token": "t" * 20},
            "token_refused_microsoft",
            "outlook.office365.com did not accept the sign-in for the mailbox “anna@example.com” "
            "and said “AUTHENTICATE failed.”. Check the name of the mailbox, and that IMAP is on "
            "for it: Microsoft 365 admin center › Users › Active users › the user › Mail › Manage "
            "email apps. If both are right, sign in again.",
        ),
        (
            "smtp.office365.com",
            "5.7.3 Authentication unsuccessful",
            {"protocol": "smtp", "token": "t" * 20},
            "token_refused_smtp",
            "smtp.office365.com did not accept the sign-in for the mailbox “anna@example.com” and "
            "said “5.7.3 Authentication unsuccessful”. Check the name of the mailbox, and that "
            "sending by SMTP is on for it: Microsoft 365 admin center › Users › Active users › "
            "the user › Mail › Manage email apps › Authenticated SMTP. If both are right, sign in "
            "again; or send through Microsoft Graph.",
        ),
        (
            "smtp.office365.com",
            "5.7.139 Authentication unsuccessful, user is locked by your organization's security "
            "defaults policy. Contact your administrator.",
            {"protocol": "smtp"},
            "passwords_off_policy",
            "The security defaults of your organisation forbid to log in “anna@example.com” with "
            "a password: smtp.office365.com said “5.7.139 Authentication unsuccessful, user is "
            "locked by your organization's security defaults policy. Contact your "
            "administrator.”. Choose Microsoft OAuth and sign in instead.",
        ),
        (
            "smtp.office365.com",
            OFF.format("Mailbox"),
            {"protocol": "smtp", "token": "t" * 20},
            "smtp_auth_off_mailbox",
            "Sending by SMTP is switched off for the mailbox “anna@example.com”. An administrator "
            "can switch it on: Microsoft 365 admin center › Users › Active users › the user › "
            "Mail › Manage email apps › Authenticated SMTP (https://aka.ms/smtp_auth_disabled). "
            "Or send through Microsoft Graph, which does not need it.",
        ),
        (
            "smtp.office365.com",
            OFF.format("Tenant"),
            {"protocol": "smtp", "token": "t" * 20},
            "smtp_auth_off_tenant",
            "Sending by SMTP is switched off for your whole organisation. An administrator can "
            "switch it on for the mailbox “anna@example.com” alone: Microsoft 365 admin center › "
            "Users › Active users › the user › Mail › Manage email apps › Authenticated SMTP "
            "(https://aka.ms/smtp_auth_disabled). Or send through Microsoft Graph, which does not "
            "need it.",
        ),
        (
            "smtp.office365.com",
            "5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
            "authenticated successfully. Contact your administrator.",
            {"protocol": "smtp", "token": "t" * 20},
            "smtp_auth_off",
            "Microsoft does not let “anna@example.com” send through smtp.office365.com and said "
            "“5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
            "authenticated successfully. Contact your administrator.”. An administrator of "
            "Microsoft 365 has to allow Authenticated SMTP for this mailbox, and a Conditional "
            "Access policy may forbid it: https://aka.ms/smtp_auth_disabled. Or send through "
            "Microsoft Graph, which needs neither.",
        ),
        (
            "imap.mail.yahoo.com",
            YAHOO_INVALID,
            {},
            "app_password",
            "imap.mail.yahoo.com refused to log in “anna@example.com” and said "
            "“[AUTHENTICATIONFAILED] LOGIN Invalid credentials”. Yahoo Mail wants an app password "
            "from mail programs, not the normal one. Make one: "
            "https://login.yahoo.com/myaccount/security/app-password",
        ),
        (
            "imap.mail.me.com",
            "[AUTHENTICATIONFAILED] Authentication Failed",
            {},
            "app_password",
            "imap.mail.me.com refused to log in “anna@example.com” and said "
            "“[AUTHENTICATIONFAILED] Authentication Failed”. iCloud Mail wants an app password "
            "from mail programs, not the normal one. Make one: https://support.apple.com/102654",
        ),
        (
            "imap.gmx.net",
            "authentication failed",
            {},
            "imap_off_maybe_2fa",
            "imap.gmx.net refused to log in “anna@example.com” and said “authentication failed”. "
            "Check user and password, and that other mail programs may use the mailbox: GMX does "
            "not let them until this is switched on "
            "(https://hilfe.gmx.net/pop-imap/einschalten.html). With 2-step verification it wants "
            "an app password instead of the normal one.",
        ),
        (
            "mx.freenet.de",
            "[AUTHENTICATIONFAILED] Authentication failed.",
            {},
            "imap_off_maybe",
            "mx.freenet.de refused to log in “anna@example.com” and said "
            "“[AUTHENTICATIONFAILED] Authentication failed.”. Check user and password, and that "
            "other mail programs may use the mailbox: freenet Mail does not let them until this is "
            "switched on: https://kundenservice.freenet.de/faq/e-mail-client-mail/"
            "pop3-imap-und-smtp-aktivieren/",
        ),
        (
            "secureimap.t-online.de",
            "authentication failed",
            {},
            "app_password_own",
            "secureimap.t-online.de refused to log in “anna@example.com” and said “authentication "
            "failed”. Telekom wants a password of its own for mail programs, which is set here: "
            "https://www.telekom.de/hilfe/apps-dienste/e-mail/e-mail-passwoerter",
        ),
        ("imap.zoho.com", "[ALERT] You are yet to enable IMAP for your account.", {}, "imap_off",
         ""),
        ("mail.example.com", "no", {}, "login_refused", ""),
        ("imap.gmail.com", "[ALERT] Account disabled (Failure)", {}, "login_refused", ""),
        ("pop.gmail.com", "[AUTH] Username and password not accepted.", {"protocol": "pop"},
         "app_password_first", ""),
        # a host that only looks like Google's
        ("imap.notgmail.com", GOOGLE_INVALID, {}, "login_refused", ""),
    ],
)  # fmt: skip
def test_what_a_provider_means(host, answer, options, code, sentence):
    error = told(host, answer, **options)
    assert error.code == code
    assert not error.temporary
    assert str(error) == sentence or not sentence


def test_a_provider_that_wants_an_app_password_only_with_2_step_verification():
    [provider] = [each for each in PROVIDERS if each.needs == ("app_password_2fa",) and each.help][
        :1
    ]
    error = told(provider.servers("mx.example.com")[0][1], "no")
    assert str(error) == (
        f"{error.values['host']} refused to log in “anna@example.com” and said “no”. Check user "
        f"and password. If 2-step verification is on, {provider.name} wants an app password. Make "
        f"one: {provider.help}"
    )


@pytest.mark.parametrize(
    "answer",
    [
        "[ALERT] Too many simultaneous connections. (Failure)",
        "[OVERQUOTA] Account exceeded command or bandwidth limits.",
        "[UNAVAILABLE] Temporary authentication failure",
    ],
)
def test_what_passes_by_itself(answer):
    error = told("imap.gmail.com", answer)
    assert error.temporary
    assert error.code == "login_refused_temporary"


# --- app passwords of Google


@pytest.mark.parametrize(
    "typed", [APP_PASSWORD, "abcd\xa0efgh\xa0ijkl\xa0mnop", " abcdefghijklmnop "]
)
def test_an_app_password_may_be_typed_as_google_shows_it(typed):
    server = MailServer("imap", "imap.gmail.com", 993, "tls", ANNA, typed)
    assert server.password == "abcdefghijklmnop"
    settings = SmtpSettings("smtp.gmail.com", 465, "tls", ANNA, ANNA, typed)
    assert settings.password == "abcdefghijklmnop"


@pytest.mark.parametrize(
    ("host", "typed"),
    [
        ("mail.example.com", APP_PASSWORD),
        ("imap.gmail.com", "four words with spaces"),
        ("imap.gmail.com", "abcd efgh ijkl mno1"),
    ],
)
def test_spaces_stay_in_any_other_password(host, typed):
    assert MailServer("imap", host, 993, "tls", ANNA, typed).password == typed


# --- over the wire


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("microsoft: off for the mailbox", "smtp_auth_off_mailbox"),
        ("microsoft: off for the tenant", "smtp_auth_off_tenant"),
        ("microsoft: no passwords", "passwords_off"),
        ("microsoft: security defaults", "passwords_off_policy"),
        ("google: normal password", "app_password_needed"),
        ("google: sign in with the browser", "login_refused_browser"),
        ("google: not good", "app_password_first"),
    ],
)
def test_what_a_provider_means_when_one_sends(monkeypatch, what, code):
    if what == "google: not good":
        monkeypatch.setitem(refusal.DOMAINS, "google", ("localhost",))
    with Smtp(users={ANNA: "secret"}, encryption="tls") as server:
        server.refuse("CREDENTIALS", REFUSALS[what])
        settings = SmtpSettings(
            server.host, server.port, "tls", ANNA, ANNA, "secret", ca_file=server.ca_file
        )
        with pytest.raises(errors.LoginRefused) as caught:
            check(settings)
    assert caught.value.code == code


def test_smtp_that_is_switched_off_may_be_said_only_at_the_sender():
    with Smtp(users={ANNA: "secret"}) as server:
        server.refuse(
            "MAIL",
            "530 5.7.57 Client not authenticated to send mail. Error: "
            + REFUSALS["microsoft: off for the tenant"],
        )
        with pytest.raises(errors.SmtpAuthOff) as caught:
            check(SmtpSettings(server.host, server.port, "none", ANNA, ANNA, "secret"))
    assert caught.value.code == "smtp_auth_off_tenant"


@pytest.mark.parametrize("answer", SEND_AS_DENIED.values())
def test_no_right_to_send_as_the_address(answer):
    with Smtp(users={ANNA: "secret"}) as server:
        server.refuse("MAIL", answer)
        settings = SmtpSettings(
            server.host, server.port, "none", "support@example.com", ANNA, "secret"
        )
        with pytest.raises(errors.SenderRefused) as caught:
            check(settings)
    assert str(caught.value) == (
        "Microsoft does not let “anna@example.com” send as support@example.com. In the Exchange "
        "admin center open Recipients › Mailboxes › support@example.com › Delegation, and add "
        "“anna@example.com” to “Send as”; it takes up to an hour to work. Or sign in as "
        "support@example.com itself."
    )


@pytest.mark.parametrize("command", ["folders", "select"])
def test_logged_in_but_not_to_this_mailbox(command):
    """Microsoft takes the log-in, and says no to whatever comes next."""

    def script(client):
        client.send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        while True:
            line = client.line()
            if b"LOGIN" in line or b"CAPABILITY" in line:
                client.ok()
            else:
                client.send(client.tag + b" BAD User is authenticated but not connected.\r\n")

    with Hostile(script) as server:
        settings = MailServer("imap", server.host, server.port, "none", ANNA, "x", timeout=5)
        with pytest.raises(errors.MailboxNotAllowed) as caught, connect(settings) as mailbox:
            mailbox.folders() if command == "folders" else mailbox.select("INBOX")
    assert str(caught.value) == (
        "127.0.0.1 knows the account that signed in, but does not open the mailbox "
        "“anna@example.com” for it. Give the account full access to it (Exchange admin center › "
        "Mailboxes › Delegation; it takes up to an hour to work), and check that the mailbox "
        "exists and has a licence."
    )
