"""The kind of a mail: what programs send is told from what people write about it."""

import time

import pytest
from test_mail import TEXT, build, multipart

from mailflow.kind import CHAIN, OPENS_TICKET, Kind, tell_kind
from mailflow.mail import read


def kind(*args, **fields):
    return tell_kind(read(build(*args, **fields)))


DSN = (
    TEXT,
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    "Final-Recipient: rfc822; a@b.org\nAction: failed\nStatus: 5.1.1",
    "Content-Type: text/rfc822-headers\n\nMessage-ID: <ours@example.org>\nSubject: x",
)


def report(parts=DSN, of="delivery-status", **fields):
    return multipart(*parts, kind=f"report; report-type={of}", **fields)


def test_an_ordinary_mail_is_a_message():
    result = kind("My printer is broken")
    assert (result.kind, result.note.code) == (Kind.MESSAGE, "kind_message")


def test_what_opens_a_ticket():
    assert {
        Kind.MESSAGE, Kind.AUTOMATIC, Kind.LIST, Kind.CALENDAR, Kind.FORWARDING
    } == OPENS_TICKET  # fmt: skip


def test_each_row_of_the_chain_is_documented():
    assert all(predicate.__doc__ for predicate in CHAIN)


class TestForwarding:
    TEXT = (
        "jane@gmail.com has requested to automatically forward mail to your email address\n"
        "Confirmation code: 123456789\n\nTo allow, please click the link below:\n\n"
        "https://mail-settings.google.com/mail/vf-%5BANGjdJ8%5D-abc\n\n"
        "To cancel: https://mail-settings.google.com/mail/uf-%5BANGjdJ8%5D-abc\n"
    )

    def test_gmail_comes_before_every_other_check(self):
        result = kind(
            self.TEXT,
            From="Gmail Team <forwarding-noreply@google.com>",
            Subject="(#123456789) Gmail Forwarding Confirmation - Receive Mail from jane@gmail.com",
            Return_Path="<>",
            Auto_Submitted="auto-replied",
            Precedence="bulk",
            List_Id="<x.google.com>",
        )
        assert result.kind is Kind.FORWARDING
        assert result.code == "123456789"
        assert result.link == "https://mail-settings.google.com/mail/vf-%5BANGjdJ8%5D-abc"
        assert result.note.values["provider"] == "Gmail"

    def test_in_another_language_the_code_comes_from_the_subject(self):
        result = kind(
            "Hallo",
            From="forwarding-noreply@google.com",
            Subject="(#987654321) Gmail-Weiterleitung",
        )
        assert (result.kind, result.code, result.link) == (Kind.FORWARDING, "987654321", None)

    def test_zoho(self):
        result = kind(
            "Confirm: https://mail.zoho.eu/verify?code=1 . Verification code: 77-1234.",
            From="noreply@zoho.eu",
            Subject="Verify your email forwarding",
        )
        assert (result.kind, result.code) == (Kind.FORWARDING, "77-1234")
        assert result.link == "https://mail.zoho.eu/verify?code=1"

    @pytest.mark.parametrize(
        ("sender", "subject"),
        [
            ("forwarding-noreply@google.com.evil.example", "(#123456789) Confirmation"),
            ("jane@zoho.com", "Please confirm forwarding, code: 12345"),
            ("noreply@zoho.com", "Your weekly digest"),
        ],
    )
    def test_others_are_not(self, sender, subject):
        result = kind("code: 12345 https://x.example/confirm", From=sender, Subject=subject)
        assert result.kind is not Kind.FORWARDING

    def test_without_code_and_link_there_is_nothing_to_confirm(self):
        result = kind("Call me", From="forwarding-noreply@google.com", Subject="Confirmation")
        assert result.kind is not Kind.FORWARDING


class TestRedirectedByExchange:
    """Headers as Exchange Online writes them."""

    REDIRECTED = {
        "X_MS_Exchange_Inbox_Rules_Loop": "support@example.com",
        "Resent_From": "<support@example.com>",
        "X_MS_Exchange_Parent_Message_Id": "<7895a7aa@abcs.example>",
        "Auto_Submitted": "auto-generated",
        "X_MS_Exchange_Generated_Message_Source": "Mailbox Rules Agent",
    }

    def test_what_a_person_wrote_stays_a_message(self):
        result = kind("Help!", From="jane@customer.example", **self.REDIRECTED)
        assert result.kind is Kind.MESSAGE

    def test_the_mailbox_answering_by_itself_does_not(self):
        result = kind("I am away", From="support@example.com", **self.REDIRECTED)
        assert result.kind is Kind.AUTOMATIC

    def test_nor_what_a_program_wrote(self):
        fields = {**self.REDIRECTED, "X_Auto_Response_Suppress": "All"}
        assert kind("Alert", From="jane@customer.example", **fields).kind is Kind.AUTOMATIC
        result = kind("Alert", From="noreply@shop.example", **self.REDIRECTED)
        assert result.kind is Kind.AUTOMATIC
        fields = {**self.REDIRECTED, "X_MS_Exchange_Generated_Message_Source": "Journal Agent"}
        assert kind("Alert", From="jane@customer.example", **fields).kind is Kind.AUTOMATIC


class TestBounce:
    def test_a_delivery_report(self):
        result = tell_kind(read(report()))
        assert (result.kind, result.note.code) == (Kind.BOUNCE, "kind_bounce_report")
        assert result.original_message_ids == ("<ours@example.org>",)

    def test_a_returned_message(self):
        inner = build("x", Message_ID="<sent@example.org>").decode()
        result = tell_kind(read(report((*DSN[:2], f"Content-Type: message/rfc822\n\n{inner}"))))
        assert result.original_message_ids[0] == "<sent@example.org>"

    def test_a_malformed_report_without_its_parts(self):
        assert tell_kind(read(report((TEXT,)))).kind is Kind.BOUNCE

    def test_a_report_of_success_is_a_receipt(self):
        parts = (DSN[0], DSN[1].replace("failed", "delivered"), DSN[2])
        result = tell_kind(read(report(parts)))
        assert (result.kind, result.original_message_ids) == (
            Kind.RECEIPT,
            ("<ours@example.org>",),
        )

    def test_a_delay_is_a_bounce(self):
        parts = (DSN[0], DSN[1].replace("failed", "delayed"), DSN[2])
        assert tell_kind(read(report(parts))).kind is Kind.BOUNCE

    def test_failed_recipients_header(self):
        result = kind("x", From="x@y.org", X_Failed_Recipients="a@b.org")
        assert (result.kind, result.note.code) == (Kind.BOUNCE, "kind_bounce_header")

    @pytest.mark.parametrize(
        "sender",
        ["MAILER-DAEMON@x.org", "Mail Delivery System <mailer_daemon@x.org>", "MAILER-DAEMON <>"],
    )
    def test_from_a_daemon(self, sender):
        assert kind("x", From=sender).kind is Kind.BOUNCE

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Undeliverable: Offer", "Your message did not reach some recipients."),
            ("Unzustellbar: Angebot", "Die Nachricht konnte nicht zugestellt werden."),
            ("Non remis : Offre", "Votre message n'a pas pu être remis."),
            ("No se puede entregar: Oferta", "No se ha podido entregar el mensaje."),
            ("Не доставлено: заказ", "Сообщение не доставлено"),
            ("配信不能: 注文", "メッセージを配信できませんでした"),
            ("退信", "您的邮件被退回"),
            ("failure notice", "Hi. This is the qmail-send program."),
        ],
    )
    def test_in_words_of_a_postmaster_or_null_sender(self, subject, text):
        assert kind(text, From="postmaster@x.org", Subject=subject).kind is Kind.BOUNCE
        assert kind(text, From="it@x.org", Return_Path="<>", Subject=subject).kind is Kind.BOUNCE

    def test_quoted_headers_name_the_message_that_we_sent(self):
        text = (
            "Hi. This is the qmail-send program.\n\n--- Below\n\nMessage-ID: <o@x.org>\nFrom: x\n"
        )
        result = kind(text, From="postmaster@x.org", Subject="failure notice")
        assert result.original_message_ids == ("<o@x.org>",)

    def test_a_notification_of_a_sending_service(self):
        text = '{"notificationType":"Bounce","mail":{"messageId":"1-2@email.example"}}'
        result = kind(text, From="no-reply@sns.example")
        assert (result.kind, result.original_message_ids) == (
            Kind.BOUNCE,
            ("<1-2@email.example>",),
        )

    QUOTED = (
        "Hello, I get this when I write to you, please help:\n\n"
        "> This is the mail system at host mx.example.com.\n"
        "> I'm sorry to have to inform you that your message could not\n"
        "> be delivered to one or more recipients.\n"
        "> <support@example.org>: host mx[192.0.2.1] said: 550 5.1.1 User unknown\n"
        "> Message-ID: <x@example.com>\n"
    )

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Undelivered: my parcel", "It was not delivered. Where is it?"),
            ("Undelivered Mail Returned to Sender", QUOTED),
            ("Mail delivery failed", QUOTED),
            ("failure notice", QUOTED),
            ("Returned mail: please advise", "My returned mail order has not been delivered"),
            ("Delivery failed", "The courier was not able to deliver"),
            ("Unzustellbar: mein Paket", "Das Paket konnte nicht zugestellt werden"),
            ("Fwd: Undelivered Mail Returned to Sender", QUOTED),
            ("Mailbox full", "User unknown error 550 5.1.1 when I log in"),
        ],
    )
    @pytest.mark.parametrize("envelope", [None, "<jane@example.com>"])
    def test_a_customer_who_writes_about_one_is_not_one(self, subject, text, envelope):
        assert kind(text, Subject=subject, Return_Path=envelope).kind is Kind.MESSAGE

    def test_a_web_form_with_a_null_sender_keeps_its_ticket(self):
        result = kind("Where is my parcel?", Subject="Undelivered: my parcel", Return_Path="<>")
        assert result.kind in OPENS_TICKET

    def test_a_human_postmaster_keeps_the_ticket(self):
        assert kind("We moved our mail server.", From="postmaster@x.org").kind is Kind.MESSAGE

    @pytest.mark.parametrize("subject", ["Fwd: Undelivered Mail", "WG: Unzustellbar", "FW: failed"])
    def test_a_report_that_a_person_forwards_is_a_message(self, subject):
        assert tell_kind(read(multipart(*DSN, Subject=subject))).kind is Kind.MESSAGE

    def test_a_report_attached_as_a_file_is_a_message(self):
        attached = "Content-Type: message/rfc822\n\n" + report().replace(b"=_b", b"=_in").decode()
        result = tell_kind(read(multipart(TEXT, attached, Subject="What is this?")))
        assert result.kind is Kind.MESSAGE


class TestReceipt:
    MDN = (
        TEXT,
        "Content-Type: message/disposition-notification\n\nReporting-UA: x\n"
        "Original-Message-ID: <ours@example.org>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
    )

    def test_a_disposition_notification(self):
        result = tell_kind(read(report(self.MDN, of="disposition-notification")))
        assert (result.kind, result.original_message_ids) == (
            Kind.RECEIPT,
            ("<ours@example.org>",),
        )

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Read: Offer", "Your message\n\nTo: x\nSubject: Offer\n\nwas read on Monday."),
            ("Not read: Offer", "Your message was deleted without being read"),
            ("Gelesen: Angebot", "Ihre Nachricht wurde am Montag gelesen"),
            ("Lu : Offre", "Votre message a été lu le lundi"),
        ],
    )
    def test_in_words(self, subject, text):
        assert kind(text, Subject=subject).kind is Kind.RECEIPT

    def test_read_the_manual_is_a_message(self):
        assert kind("Where is it?", Subject="Read: the manual, chapter 5").kind is Kind.MESSAGE


def test_a_feedback_report():
    parts = (
        TEXT,
        "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x",
        "Content-Type: message/rfc822\n\nMessage-ID: <ours@example.org>\n\nx",
    )
    result = tell_kind(read(report(parts, of="feedback-report", Subject="FW: Offer")))
    assert (result.kind, result.original_message_ids) == (Kind.FEEDBACK, ("<ours@example.org>",))


class TestCalendar:
    def test_an_invitation(self):
        ics = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"
        result = tell_kind(read(multipart(TEXT, ics, kind="alternative")))
        assert (result.kind, result.note.values["method"]) == (Kind.CALENDAR, "REQUEST")

    def test_the_method_is_only_in_the_calendar(self):
        ics = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n"
        assert tell_kind(read(multipart(TEXT, ics, kind="alternative"))).kind is Kind.CALENDAR

    def test_the_answer_of_a_room_is_one_too(self):
        ics = "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR"
        raw = multipart(TEXT, ics, kind="alternative", Auto_Submitted="auto-replied")
        assert tell_kind(read(raw)).kind is Kind.CALENDAR

    def test_a_calendar_file_that_a_customer_attaches_is_not(self):
        ics = (
            "Content-Type: text/calendar; method=PUBLISH\n"
            "Content-Disposition: attachment; filename=a.ics\n\nBEGIN:VCALENDAR"
        )
        assert tell_kind(read(multipart(TEXT, ics))).kind is Kind.MESSAGE


class TestAutoReply:
    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("Auto_Submitted", "auto-replied"),
            ("Auto_Submitted", "auto-replied (vacation)"),
            ("Auto_Submitted", "Auto-Replied; owner-email=x@y.org"),
            ("X_Autoreply", "yes"),
            ("X_Autorespond", "x"),
            ("Precedence", "auto_reply"),
        ],
    )
    def test_headers(self, header, value):
        result = kind("I am away", **{header: value})
        assert (result.kind, result.note.code) == (Kind.AUTO_REPLY, "kind_auto_reply_header")
        assert result.note.values["header"] == header.replace("_", "-")

    @pytest.mark.parametrize(
        "subject",
        [
            "Automatic reply: Your ticket",
            "Automatic reply",
            "AUTO-REPLY: x",
            "Autoreply",
            "Out of office reply: x",
            "Automatische Antwort: Ihre Anfrage",
            "Abwesenheitsnotiz: Ihre Anfrage",
            "Réponse automatique : Votre demande",
            "Respuesta automática: Su consulta",
            "Resposta automática: x",
            "Risposta automatica: x",
            "Automatisch antwoord: x",
            "Autosvar: x",
            "Automatiskt svar: x",
            "Odpowiedź automatyczna: x",
            "Automatická odpověď: x",
            "Automatikus válasz: x",
            "Автоматический ответ: x",
            "Otomatik Yanıt: x",
            "自動応答: x",
            "自动回复: x",
            "자동 회신: x",
        ],
    )
    def test_subjects_without_headers(self, subject):
        result = kind("Thank you.", Subject=subject)
        assert (result.kind, result.note.code) == (Kind.AUTO_REPLY, "kind_auto_reply_subject")

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Out of office", "I am out of the office until Monday."),
            ("Away until May 5", "I am currently away returning to the office on May 5th."),
            ("Abwesenheit", "Ich bin bis 5. Mai nicht im Büro."),
            ("Absence", "Je suis absent jusqu'à lundi."),
            ("Fuera de la oficina", "Estoy de vacaciones"),
        ],
    )
    def test_absence_in_subject_and_text(self, subject, text):
        assert kind(text, Subject=subject).kind is Kind.AUTO_REPLY

    def test_absence_with_a_word_more_as_an_answer(self):
        more = {"In_Reply_To": "<a@b.example>"}
        found = kind("I am on vacation.", Subject="Vacation Ada Byron", **more)
        assert found.kind is Kind.AUTO_REPLY

    def test_exchange_calls_it_auto_generated(self):
        result = kind("x", Subject="Automatic reply: x", Auto_Submitted="auto-generated")
        assert result.kind is Kind.AUTO_REPLY

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("Re: Out of office question", "How do I set it?"),
            ("AW: Automatische Antwort: Ihre Anfrage", "Danke, dann rufe ich am Montag an."),
            ("Re: Automatic reply: x", "Who takes over meanwhile?"),
            ("Out of office printer is broken", "It is on the second floor"),
            ("Out of office", "How do I set an out of office message in your product?"),
            ("Automatic reply does not work", "Nobody gets it"),
            ("Abwesenheit: Antrag funktioniert nicht", "Das Formular meldet einen Fehler"),
            ("Absent employees in payroll", "They are shown twice"),
            ("Vacation planner", "The calendar is empty"),
            ("Urlaub im System eintragen", "Wie geht das?"),
            ("Vacation booking 1234", "I am on vacation until 12 March. Please help."),
            ("Urlaub Lieferung", "Ich bin im Urlaub, bitte stornieren Sie die Lieferung."),
            ("Absence de facture 2026", "Je suis absent demain, merci de répondre vite."),
        ],
    )
    def test_people_who_write_about_it(self, subject, text):
        assert kind(text, Subject=subject).kind is Kind.MESSAGE


class TestAutomaticAndLists:
    @pytest.mark.parametrize("value", ["no", "No", "no (a person)", ""])
    def test_auto_submitted_no_is_a_person(self, value):
        assert kind(Auto_Submitted=value).kind is Kind.MESSAGE

    @pytest.mark.parametrize("value", ["auto-generated", "auto-notified", "auto-generated; x=y"])
    def test_alerts_and_invoices(self, value):
        result = kind("CPU 99 %", Auto_Submitted=value, From="noreply@shop.example")
        assert result.kind is Kind.AUTOMATIC
        assert result.note.values["header"] == "Auto-Submitted"

    def test_an_alert_with_an_unsubscribe_link_is_no_newsletter(self):
        result = kind(Auto_Submitted="auto-generated", List_Unsubscribe="<https://x.example>")
        assert result.kind is Kind.AUTOMATIC

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("List_Id", "<news.example.com>"),
            ("List_Unsubscribe", "<mailto:u@x.org>"),
            ("Precedence", "bulk"),
            ("Precedence", "list"),
        ],
    )
    def test_lists(self, header, value):
        result = kind(**{header: value})
        assert (result.kind, result.note.code) == (Kind.LIST, "kind_list_header")

    @pytest.mark.parametrize(
        "fields",
        [
            {"X_Auto_Response_Suppress": "All"},
            {"X_Helpdesk_Mailflow": "automatic; 7; 0123456789abcdef"},
            {"X_FC_MachineGenerated": "true"},
            {"Return_Path": "<>"},
            {"From": "no-reply@shop.example"},
        ],
    )
    def test_lesser_signs(self, fields):
        assert kind(**fields).kind is Kind.AUTOMATIC

    def test_a_contact_form_that_names_the_person_is_a_message(self):
        result = kind(From="noreply@shop.example", Reply_To="jane@example.com")
        assert result.kind is Kind.MESSAGE


@pytest.mark.parametrize(
    "filler", ["a", " ", "Message-ID:", "> ", "code ", "delivery a ", "ich bin "]
)
def test_bounded_in_time(filler):
    raw = build(filler * (1_000_000 // len(filler)), From="postmaster@x.org", Return_Path="<>")
    mail = read(raw)
    start = time.process_time()
    tell_kind(mail)
    assert time.process_time() - start < 1
