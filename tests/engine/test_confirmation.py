"""Mails by which providers ask whether they may forward a mailbox, as their services write them."""

import re

import pytest

from mailflow.confirmation import PROVIDERS, confirmation, leads_to
from mailflow.kind import Kind, tell_kind
from mailflow.mail import read

LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ8xYz%5D-Ab_c-d"
GMAIL = f"""\
sam@example.com has requested to automatically forward mail to your email
address helpdesk@odoo.example.
Confirmation code: 429106883

To allow sam@example.com to automatically forward mail to your address,
please click the link below to confirm the request:

{LINK}

If you click the link and it appears to be broken, please copy and paste it
into a new browser window.

If you accidentally clicked the link, but you do not want to allow
sam@example.com to automatically forward messages to your address, click this
link to cancel this verification:
{LINK.replace("vf-", "uf-")}

To learn more about why you might have received this message, please
visit: https://support.google.com/mail/answer/184973?confirm
"""


def mail(
    text="", sender="forwarding-noreply@google.com", subject="", html="", to="helpdesk@odoo.example"
):
    body = html or text
    content = "text/html" if html else "text/plain"
    return read(
        f"From: Team <{sender}>\nTo: {to}\nSubject: {subject}\nMessage-ID: <c@x.example>\n"
        f"Content-Type: {content}; charset=utf-8\n\n{body}".encode()
    )


SUBJECT = "(#429106883) Gmail Forwarding Confirmation - Receive Mail from sam@example.com"


class TestGmail:
    def test_code_link_and_mailbox(self):
        found = confirmation(mail(GMAIL, subject=SUBJECT))
        assert (found.provider, found.code, found.link) == ("Gmail", "429106883", LINK)
        assert found.mailbox == "sam@example.com"

    @pytest.mark.parametrize(
        "subject",
        [
            "(#429106883) Confirmación de reenvío de Gmail - Recibir correo de sam@example.com",
            "(#429106883) Gmail-Weiterleitungsbestätigung – E-Mails von sam@example.com",
            "(#429106883) Confirmation de transfert Gmail - Recevoir les mails de sam@example.com",
            "(#429106883) Gmail の転送の確認 - sam@example.com からのメールを受信",
            "(#429106883) (Gmail) 转发确认 - sam@example.com",
        ],
    )
    def test_the_code_stands_in_the_subject_in_any_language(self, subject):
        found = confirmation(mail("…", subject=subject))
        assert (found.code, found.link, found.mailbox) == ("429106883", None, "sam@example.com")

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Gmail-Weiterleitungsbestätigung", "Bestätigungscode: 429106883"),
            ("Confirmation de transfert Gmail", "Code de confirmation : 429106883"),
            ("Confirmación de reenvío de Gmail", "Código de confirmación: 429106883"),
            ("Conferma dell'inoltro di Gmail", "Codice di conferma: 429106883"),
            ("Gmail の転送の確認", "確認コード: 429106883"),
            ("(Gmail) 转发确认", "验证码：429106883"),
        ],
    )
    def test_or_in_the_text(self, subject, text):
        assert confirmation(mail(text, subject=subject)).code == "429106883"

    def test_a_link_without_a_code_and_with_brackets_as_they_are(self):
        link = "https://mail.google.com/mail/vf-[ANGjdJ8xYz]-Ab_c-d"
        found = confirmation(mail(f"Click here:\n{link}\nto confirm.", subject="(Gmail) 转发确认"))
        assert (found.code, found.link) == (None, link)

    def test_a_link_in_html_alone(self):
        page = f'<p>Confirm</p><a href="{LINK}?a=1&amp;b=2">Confirm</a>'
        assert confirmation(mail(html=page, subject="Gmail")).link == f"{LINK}?a=1&b=2"

    @pytest.mark.parametrize(
        "link",
        [
            LINK.replace("google.com", "google.com.evil.example"),
            LINK.replace("mail-settings", "sites"),
            "https://mail.google.com@evil.example/mail/vf-1",
            "https://evil.example\\@mail.google.com/mail/vf-1",
            "https://evil.example/mail/vf-1?https://mail.google.com/",
            "https://mail.google.com:8443/mail/vf-1",
            "https://mail.google.com/mail/vf-1?continue=https://evil.example/",
            "https://mail.google.com/mail/vf-1?continue=https%3A%2F%2Fevil.example/",
            "https://mail.google.com/mail/vf-1?continue=//evil.example/",
            "https://mail.google.com/mail/vf-1?continue=%252F%252Fevil.example/",
            "https://mail.google.com/mail/vf-1?continue=%25252525252Fevil.example/",
            "https://mail.google.com/mail/vf-1?continue=https:evil.example/",
            "https://www.google.com/url?q=https://evil.example/mail/vf-1",
            "https://mаil.google.com/mail/vf-1",  # a Cyrillic letter
            LINK.replace("https", "http"),
        ],
    )
    def test_a_link_elsewhere_is_none(self, link):
        found = confirmation(mail(f"{GMAIL.replace(LINK, link)}", subject=SUBJECT))
        assert (found.code, found.link) == ("429106883", None)
        # nothing left to confirm by
        text = f"To confirm, open {link}"
        assert confirmation(mail(text, subject="Gmail Forwarding Confirmation")) is None


@pytest.mark.parametrize(
    ("provider", "sender", "subject", "text", "code", "link"),
    [
        (
            "Zoho",
            "noreply@zohomail.eu",
            "Verify your email forwarding address",
            "sam@example.com wants to forward. https://mail.zoho.eu/zm/verify?digest=ab.1 now",
            None,
            "https://mail.zoho.eu/zm/verify?digest=ab.1",
        ),
        (
            "Yahoo",
            "no-reply@cc.yahoo-inc.com",
            "Please verify your forwarding email address",
            "Verify: https://login.yahoo.com/account/verify/forward?t=12",
            None,
            "https://login.yahoo.com/account/verify/forward?t=12",
        ),
        (
            "Proton",
            "no-reply@notify.proton.me",
            "sam@example.com wants to forward their emails to you",
            "Accept: https://account.proton.me/forwarding/accept?token=ab",
            None,
            "https://account.proton.me/forwarding/accept?token=ab",
        ),
        (
            "Yandex",
            "devnull@yandex.ru",
            "Подтверждение пересылки писем",
            "Код подтверждения: 77123 https://mail.yandex.ru/forward/confirm?e=1",
            "77123",
            "https://mail.yandex.ru/forward/confirm?e=1",
        ),
        (
            "GMX",
            "mailings@gmx.net",
            "Bitte bestätigen Sie Ihre Weiterleitung",
            "Bestätigungscode: 4711-ab https://www.gmx.net/weiterleitung/verify?x=1",
            "4711-ab",
            "https://www.gmx.net/weiterleitung/verify?x=1",
        ),
        (
            "iCloud",
            "noreply@email.apple.com",
            "Confirm your forwarding address",
            "Your verification code is 482913.",
            "482913",
            None,
        ),
    ],
)
def test_other_providers(provider, sender, subject, text, code, link):
    found = confirmation(mail(text, sender, subject))
    assert (found.provider, found.code, found.link) == (provider, code, link)
    elsewhere = re.sub(r"https://[^/]+", "https://evil.example", text)
    forged = confirmation(mail(elsewhere, sender, subject))
    assert (forged.link if forged else None) is None


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("forwarding-noreply@google.com.evil.example", SUBJECT),
        ("jane@zoho.com", "Please confirm the forwarding"),
        ("noreply@zoho.com", "Your weekly digest"),
        ("noreply@notzoho.com", "Confirm your forwarding"),
    ],
)
def test_others_do_not_ask(sender, subject):
    assert confirmation(mail(GMAIL, sender, subject)) is None


def test_a_forged_sender_is_no_evidence():
    asked = mail(GMAIL, subject=SUBJECT)
    assert tell_kind(asked).kind is Kind.FORWARDING
    assert tell_kind(asked, sender_is_forged=True).kind is not Kind.FORWARDING


def test_hosts_are_matched_as_a_whole():
    hosts = [each.host for each in PROVIDERS]
    for link in ("https://zoho.com.evil.example/verify", "https://evilzoho.com/verify", "https://"):
        assert not any(leads_to(host, link) for host in hosts), link
    assert any(leads_to(host, "https://accounts.zoho.com.au/verify") for host in hosts)


@pytest.mark.parametrize(
    ("provider", "host"),
    [
        ("Outlook", "forms.office.com"),
        ("Outlook", "onedrive.live.com"),
        ("Zoho", "forms.zoho.com"),
        ("Zoho", "sites.zoho.eu"),
        ("Yandex", "disk.yandex.ru"),
        ("Mail.ru", "cloud.mail.ru"),
        ("Yahoo", "r.search.yahoo.com"),
    ],
)
def test_a_page_that_anybody_can_have_at_the_provider_is_none_of_its(provider, host):
    allowed = next(each.host for each in PROVIDERS if each.name == provider)
    assert allowed.match(host)
    assert not leads_to(allowed, f"https://{host}/confirm/forwarding")
