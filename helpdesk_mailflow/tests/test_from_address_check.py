# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64
import re
from datetime import timedelta
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..mailflow import domain_check
from ..models import helpdesk_from_address_check as model
from ..models import own_mail
from .common import DOMAIN, MailflowCase, mail
from .name_server import NameServer

GROUP = "helpdesk_mgmt.group_helpdesk_"


def public_key():
    key = rsa.RSAPublicNumbers(65537, 2**2047 + 1).public_key()
    encoding = serialization.Encoding.DER
    return base64.b64encode(
        key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode()


KEY = public_key()
KEY_RECORD = f'"v=DKIM1; k=rsa; p={KEY[:200]}" "{KEY[200:]}"'


def zone():
    """A domain where all is well, sent from its own server, and one without anything."""
    return {
        "acorn-tests.example": {
            "TXT": ['"v=spf1 a:mail.acorn-tests.example -all"'],
            "MX": ["10 mail.acorn-tests.example."],
        },
        "mail.acorn-tests.example": {"A": ["192.0.2.10"]},
        "s2026._domainkey.acorn-tests.example": {"TXT": [KEY_RECORD]},
        "_dmarc.acorn-tests.example": {"TXT": ['"v=DMARC1; p=reject"']},
        "bare.example": {"MX": ["10 mail.acorn-tests.example."]},
        "spf.protection.outlook.com": {"TXT": ['"v=spf1 ip4:198.51.100.0/24 -all"']},
        "_spf.google.com": {"TXT": ['"v=spf1 ip4:203.0.113.0/24 ~all"']},
    }


@tagged("post_install", "-at_install")
class CheckCase(MailflowCase):
    """From addresses, and a name server of our own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.FromAddress = cls.env["helpdesk.from.address"]
        cls.server = NameServer(zone())
        cls.enterClassContext(cls.server)
        cls.env["ir.config_parameter"].set_param(model.NAMESERVERS, cls.server.address)
        cls.startClassPatcher(patch.object(domain_check, "TIMEOUT", 0.5))
        cls.startClassPatcher(
            patch.object(
                model,
                "check_domains",
                lambda questions, servers: domain_check.check_domains(questions, servers, 0.5),
            )
        )
        cls.manager = cls.make_user("mf-check-manager", GROUP + "manager")
        cls.agent = cls.make_user("mf-check-agent", GROUP + "user")
        cls.address = cls.make_from(
            "help@acorn-tests.example", sending_servers="mail.acorn-tests.example"
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.server.zone = zone()
        self.server.silent = set()
        self.server.asked.clear()

    @classmethod
    def make_from(cls, email, **values):
        values.setdefault("company_id", cls.company.id)
        address = cls.FromAddress.create({"email": email, **values})
        address._prove("mail")
        return address

    @classmethod
    def make_server(cls, **values):
        return cls.env["ir.mail_server"].create(
            {"name": "Out", "smtp_host": "mail.acorn-tests.example", **values}
        )

    def line(self, address, kind):
        return address.check_ids.filtered(lambda check: check.kind == kind)

    def codes(self, line):
        return [each["code"] for each in line.notes]


class TestCheck(CheckCase):
    """What a check asks, and what it keeps."""

    def test_an_address_that_is_set_up_well_is_ok(self):
        self.assertFalse(self.address.check_state)
        self.address.dkim_selectors = "s2026"
        self.address.with_user(self.manager).action_check_setup()
        self.assertEqual(
            [(check.kind, check.state) for check in self.address.check_ids],
            [("spf", "ok"), ("dkim", "ok"), ("dmarc", "ok"), ("mx", "ok")],
        )
        self.assertEqual(self.address.check_state, "ok")
        self.assertTrue(self.address.check_date)
        spf = self.line(self.address, "spf")
        self.assertTrue(
            spf.sentence.startswith("It lets pass who sends: mail.acorn-tests.example. "),
            spf.sentence,
        )
        self.assertEqual(self.codes(spf), ["spf_ok", "spf_envelope"])
        self.assertEqual(spf.found, "v=spf1 a:mail.acorn-tests.example -all")
        self.assertFalse(spf.record_value)

    def test_what_is_missing_comes_with_the_record_to_publish(self):
        bare = self.make_from("help@bare.example", sending_servers="mail.acorn-tests.example")
        bare._check_setup()
        self.assertEqual(bare.check_state, "missing")
        spf = self.line(bare, "spf")
        self.assertEqual(spf.state, "missing")
        self.assertEqual(
            (spf.record_name, spf.record_type, spf.record_value),
            ("bare.example", "TXT", "v=spf1 a:mail.acorn-tests.example ~all"),
        )
        dkim = self.line(bare, "dkim")
        self.assertEqual(dkim.record_name, "<selector>._domainkey.bare.example")
        self.assertEqual(
            self.line(bare, "dmarc").record_value,
            "v=DMARC1; p=none",
        )
        # and once it is published
        self.server.zone["bare.example"]["TXT"] = [f'"{spf.record_value}"']
        bare._check_setup()
        self.assertEqual(self.line(bare, "spf").state, "ok")
        self.assertEqual(len(bare.check_ids), 4)

    def test_what_is_found_is_read_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        bare = self.make_from("help@bare.example")
        bare._check_setup()
        spf = self.line(bare, "spf")
        # translations are exported at the end of the work: any French will do
        said = {"en_US": "No record.", "fr_FR": "Rien."}
        with patch.object(model, "sentence", lambda env, code, values: said[env.lang]):
            for lang, text in said.items():
                self.assertIn(text, spf.with_context(lang=lang).sentence)

    def test_every_sentence_of_a_check_has_its_values(self):
        for records in (zone(), {}, {"acorn-tests.example": {"TXT": ['"v=spf1 x"', '"v=spf1 y"']}}):
            self.server.zone = records
            self.address._check_setup()
            for check in self.address.check_ids:
                self.assertTrue(check.sentence)
                self.assertFalse(re.search(r"%\(|=<|\{", check.sentence), check.sentence)

    def test_without_the_dns_it_says_so(self):
        self.server.silent = {"example"}
        self.address._check_setup()
        self.assertEqual(set(self.address.check_ids.mapped("state")), {"unknown"})
        self.assertEqual(self.address.check_state, "unknown")
        self.assertIn("The DNS could not be reached", self.address.check_ids[0].sentence)
        self.assertFalse(self.address.check_unreachable)

    def test_what_was_found_stays_while_the_dns_cannot_be_reached(self):
        self.address._check_setup()
        before = self.address.check_ids
        self.address.check_date -= timedelta(hours=1)
        self.server.silent = {"example"}
        self.address._check_setup()
        self.assertEqual(self.address.check_ids, before)
        self.assertTrue(self.address.check_unreachable)
        self.server.silent = set()
        self.address._check_setup()
        self.assertNotEqual(self.address.check_ids, before)
        self.assertFalse(self.address.check_unreachable)

    def test_whatever_is_published_can_be_stored(self):
        odd = '"v=spf1 ' + "x" * 150 + "\\000\\255 " + "y" * 60 + '"'
        self.server.zone["acorn-tests.example"]["TXT"] = [" ".join([odd] * 4), '"\\000"']
        self.server.zone["_dmarc.acorn-tests.example"]["TXT"] = [odd]
        self.address._check_setup()
        self.env.flush_all()
        spf = self.line(self.address, "spf")
        self.assertEqual(self.codes(spf)[0], "spf_syntax")
        self.assertLess(len(spf.sentence), 1500)

    def test_a_domain_that_hangs_does_not_harm_the_others(self):
        slow = self.make_from("help@slow.example")
        self.server.silent = {"slow.example"}
        (slow | self.address)._check_setup()
        self.assertEqual(slow.check_state, "unknown")
        self.assertEqual(self.line(self.address, "spf").state, "ok")

    def test_a_parameter_that_names_no_name_server_is_said(self):
        self.env["ir.config_parameter"].set_param(model.NAMESERVERS, "ns.example.com")
        with self.assertRaisesRegex(UserError, "helpdesk_mailflow.dns_nameservers.*ns.example.com"):
            self.address.action_check_setup()

    def test_another_address_or_way_forgets_what_was_found(self):
        for values in (
            {"sending_servers": "192.0.2.1"},
            {"dkim_selectors": "other"},
            {"email": "help@bare.example"},
        ):
            self.address._check_setup()
            self.assertTrue(self.address.check_ids)
            self.address.write(values)
            self.assertFalse(self.address.check_ids, values)
            self.assertFalse(self.address.check_state)
            self.assertFalse(self.address.check_date)

    def test_the_same_written_again_forgets_nothing(self):
        self.address._check_setup()
        self.address.write({"email": "Help@acorn-tests.example", "friendly_name": "Acorn"})
        self.assertTrue(self.address.check_ids)


class TestQuestion(CheckCase):
    """Who sends is known from the outgoing server."""

    def question(self, address=None):
        return (address or self.address)._setup_question()

    def test_the_servers_that_were_typed_count(self):
        self.address.sending_servers = "192.0.2.1, include:spf.acorn-tests.example;2001:db8::/64"
        self.assertEqual(
            self.question().hosts,
            ("192.0.2.1", "include:spf.acorn-tests.example", "2001:db8::/64"),
        )

    def test_else_it_is_the_outgoing_server(self):
        self.address.sending_servers = False
        self.env["ir.mail_server"].search([]).active = False
        self.assertEqual(self.question().hosts, ("localhost",))
        server = self.make_server(from_filter=self.address.email)
        self.assertEqual(self.question().hosts, ("mail.acorn-tests.example",))
        self.assertEqual(self.question().via, domain_check.Via.SERVER)
        self.assertEqual(self.question().envelope, "")
        server.from_filter = False
        self.assertEqual(self.question().envelope, DOMAIN, "Odoo's bounce address")

    def test_an_own_server_is_asked_for(self):
        server = self.make_server(smtp_host="smtp.office365.com")
        self.address.sudo().with_context(mailflow_by_system=True).write(
            {"sends_via": "smtp", "mail_server_id": server.id, "sending_servers": False}
        )
        self.address._check_setup()
        spf = self.line(self.address, "spf")
        self.assertEqual(self.codes(spf)[0], "spf_not_authorised")
        self.assertEqual(
            spf.record_value,
            "v=spf1 a:mail.acorn-tests.example include:spf.protection.outlook.com -all",
        )

    def test_for_an_own_server_it_is_advice(self):
        self.assertFalse(self.address.check_is_advice)
        server = self.make_server(from_filter=self.address.email)
        self.address.sudo().with_context(mailflow_by_system=True).write(
            {"sends_via": "smtp", "mail_server_id": server.id}
        )
        self.assertTrue(self.address.check_is_advice)

    def test_only_servers_and_selectors_can_be_entered(self):
        for text in ("not a server!", "mail", "http://x.example", "192.0.2.300/99"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.address.sending_servers = text
        for text in ("two words?", "x@y", "-", "a..b"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.address.dkim_selectors = text
        self.address.dkim_selectors = "s1, Mail2026 x.y"
        self.assertEqual(self.question().selectors, ("s1", "Mail2026", "x.y"))


class TestRights(CheckCase):
    """Who may check, and that nobody writes what was found."""

    def test_an_agent_reads_what_was_found_and_cannot_ask(self):
        self.address._check_setup()
        mine = self.address.with_user(self.agent)
        self.assertTrue(mine.check_ids.mapped("sentence"))
        with self.assertRaises(AccessError):
            mine.action_check_setup()

    def test_the_leader_of_its_team_can_ask(self):
        self.team.user_id = self.agent
        self.address.team_id = self.team
        self.address.with_user(self.agent).action_check_setup()
        self.assertTrue(self.address.check_ids)

    def test_nobody_writes_what_was_found(self):
        self.address._check_setup()
        lines = self.address.check_ids.with_user(self.manager)
        with self.assertRaises(AccessError):
            lines.write({"state": "ok"})
        with self.assertRaises(AccessError):
            lines.unlink()
        mine = self.address.with_user(self.manager)
        for name in ("check_state", "check_date", "dkim_signatures", "check_ids"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                mine.write({name: False})

    def test_other_companies_do_not_see_it(self):
        self.address._check_setup()
        other = self.make_company("Oak")
        stranger = self.make_user("mf-check-stranger", GROUP + "manager", company=other)
        lines = self.env["helpdesk.from.address.check"].with_user(stranger)
        self.assertFalse(lines.search([("address_id", "=", self.address.id)]))

    def test_the_form_shows_it(self):
        self.address._check_setup()
        with Form(self.address.with_user(self.manager)) as form:
            self.assertEqual(form.check_state, self.address.check_state)
            form.dkim_selectors = "s2026"
        self.assertFalse(self.address.check_ids)


class TestCron(CheckCase):
    """Every week, without holding anybody up."""

    def test_it_checks_those_that_are_due(self):
        self.server.silent = {"slow.example"}
        self.FromAddress.search([("id", "!=", self.address.id)]).check_tried = fields.Datetime.now()
        slow = self.make_from("help@slow.example")
        off = self.make_from("off@bare.example")
        off.enabled = False
        recent = self.make_from("recent@bare.example")
        recent.check_tried = fields.Datetime.now() - timedelta(days=2)
        with patch.object(model, "BATCH", 1), self.own_transaction() as env:
            env["helpdesk.from.address"]._cron_check_setup()
            found = {
                each.email: each.check_state
                for each in env["helpdesk.from.address"].browse(
                    (self.address | slow | off | recent).ids
                )
            }
        self.assertEqual(
            found,
            {
                "help@acorn-tests.example": "unknown",  # no selector is known
                "help@slow.example": "unknown",
                "off@bare.example": False,
                "recent@bare.example": False,
            },
        )

    def test_what_got_worse_is_said_once(self):
        self.address.dkim_selectors = "s2026"
        self.address._check_setup()
        self.server.zone["acorn-tests.example"]["TXT"] = ['"v=spf1 -all"']
        messages = self.address.message_ids
        for _week in range(2):
            before = {self.address: self.address.check_state}
            self.address._check_setup()
            self.address._tell_what_got_worse(before)
        new = self.address.message_ids - messages
        self.assertEqual(len(new), 1)
        self.assertIn("does not let pass", new.body)

    def test_the_job_is_there(self):
        job = self.env.ref("helpdesk_mailflow.ir_cron_check_setup")
        self.assertEqual((job.interval_type, job.interval_number), ("weeks", 1))


class TestSignatures(CheckCase):
    """How our mail is signed is learned from mails of ours that come back."""

    def come_back(self, purpose, *signatures, **values):
        headers = [("DKIM-Signature", f"v=1; a=rsa-sha256; {each}; b=x") for each in signatures]
        stamp = own_mail.stamp_header(self.env, purpose, self.address.id)
        return self.take(
            mail(
                **{
                    "from_": self.address.email,
                    "to": self.address.email,
                    "headers": [*headers, *stamp.items()],
                    **values,
                }
            )
        )

    def test_a_test_mail_tells_the_selector(self):
        row = self.come_back("test", "d=acorn-tests.example; s=s2026")
        self.assertEqual(row.state, "ignored", row.why)
        self.assertEqual(self.address.dkim_signatures, [["acorn-tests.example", "s2026"]])
        self.assertEqual(self.address.dkim_seen, "s2026 (acorn-tests.example)")
        self.address._check_setup()
        self.assertEqual(self.line(self.address, "dkim").state, "ok")
        self.assertEqual(self.address.check_state, "ok")

    def test_a_signature_of_somebody_else_is_told(self):
        self.come_back("verification", "d=sender.example; s=x")
        self.address._check_setup()
        dkim = self.line(self.address, "dkim")
        self.assertEqual((dkim.state, self.codes(dkim)), ("wrong", ["dkim_not_aligned"]))

    def test_an_answer_teaches_only_about_our_own_domain(self):
        ticket = self.take_ticket(mail())
        stamp = own_mail.stamp_header(self.env, "answer", ticket.id)
        self.come_back("test", "d=acorn-tests.example; s=s2026")
        self.come_back(
            "answer",
            headers=[("DKIM-Signature", "v=1; d=evil.example; s=x; b=x"), *stamp.items()],
            message_id="<copy@evil.example>",
        )
        self.assertEqual(self.address.dkim_signatures, [["acorn-tests.example", "s2026"]])

    def test_the_last_mail_counts(self):
        self.come_back("test", "d=acorn-tests.example; s=old", message_id="<1@x.example>")
        self.come_back("test", "d=acorn-tests.example; s=new", message_id="<2@x.example>")
        self.assertEqual(self.address.dkim_signatures, [["acorn-tests.example", "new"]])

    def test_mail_of_others_teaches_nothing(self):
        self.take(mail(headers=[("DKIM-Signature", "v=1; d=acorn-tests.example; s=y; b=x")]))
        self.assertFalse(self.address.dkim_signatures)
