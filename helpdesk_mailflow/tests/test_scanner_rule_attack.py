# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .common import mail
from .test_scanner_rule_access import RuleAccessCase
from .test_scanner_rule_consequences import ConsequenceCase
from .test_scanner_rule_ticket import ValueCase, value
from .test_try_rule import TryCase


class TestAttackScope(ValueCase):
    """A rule that is for something never becomes one that is for everything."""

    def make_scanner(self):
        return self.env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "is_scanner": True,
                "server": "imap.mailflow.test",
                "user": "support",
                "company_id": self.company.id,
            }
        )

    def test_the_only_folder_is_gone(self):
        scanner = self.make_scanner()
        for way in ("archive", "delete"):
            with self.subTest(way=way):
                folder = self.env["helpdesk.mail.folder"].create(
                    {"name": f"F{way}", "scanner_id": scanner.id}
                )
                rule = self.make_rule([], "ignore", folder_ids=[(6, 0, folder.ids)])
                self.take_ticket(mail())
                if way == "archive":
                    folder.active = False
                else:
                    folder.unlink()
                self.env.flush_all()
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                self.take_ticket(mail())
                rule.unlink()

    def test_the_only_alias_or_scanner_is_gone(self):
        alias = self.make_alias("Sales", "sales")
        rule = self.make_rule([], "ignore", alias_ids=[(6, 0, alias.ids)])
        alias.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.take_ticket(mail())
        rule.unlink()
        scanner = self.make_scanner()
        rule = self.make_rule([], "ignore", scanner_ids=[(6, 0, scanner.ids)])
        scanner.active = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.take_ticket(mail())
        scanner.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.take_ticket(mail())

    def test_a_broken_condition_stops_no_mail(self):
        rule = self.make_rule([], "ignore")
        for text in ("[('gone_field', '=', 1)]", "nonsense", "[('kind', 'child_of', 3)]"):
            with self.subTest(text=text), mute_logger("odoo.addons.helpdesk_mailflow"):
                self.env.cr.execute(
                    "UPDATE helpdesk_scanner_rule SET domain = %s WHERE id = %s", [text, rule.id]
                )
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                self.take_ticket(mail())


class TestAttackCache(TryCase):
    def test_a_context_does_not_wake_archived_rules(self):
        self.make_rule([], "ignore", active=False)
        self.make_rule([], "seen", sequence=99)
        self.env.flush_all()
        self.env.registry.clear_cache()
        rule = self.Rule.with_context(active_test=False)
        rule.try_on(
            False,
            self.changes([("fact_subject", "ilike", "zzz")], "hold"),
            {"source": base64.b64encode(mail()).decode()},
        )
        self.take_ticket(mail())

    def test_a_context_does_not_wake_archived_folders(self):
        self.env.registry.clear_cache()
        self.make_rule([], "ignore", active=False)
        self.env.flush_all()
        self.env.registry.clear_cache()
        self.env["mail.thread"].with_context(active_test=False).message_process(
            False, mail(message_id="<woken@acorn-tests.example>")
        )
        row = self.env["helpdesk.incoming.mail"].search([], order="id desc", limit=1)
        self.assertTrue(row.ticket_ids, row.why)


class TestAttackTry(RuleAccessCase, TryCase):
    def _try(self, user, changes, raw=None, rule=False):
        return self.Rule.with_user(user).try_on(
            rule, changes, {"source": base64.b64encode(raw or mail()).decode()}
        )

    def test_names_of_what_may_not_be_seen(self):
        secret = self.env["res.partner"].create(
            {"name": "Secret Person", "company_id": self.other_company.id}
        )
        for user in (self.manager, self.leader):
            for field, record in (
                ("ticket.partner_id", secret),
                ("ticket.team_id", self.there),
            ):
                with self.subTest(user=user.login, field=field):
                    changes = self.changes(
                        [],
                        {
                            "kind": "ticket",
                            "value_ids": [
                                (0, "virtual_9", {"field_name": field, "record_ref": record.id})
                            ],
                        },
                        team_id=self.team.id,
                    )
                    result = self._try(user, changes)
                    self.assertNotIn(record.sudo().display_name, repr(result))

    def test_actions_of_others(self):
        template = self.env["mail.template"].create(
            {"name": "Secret template", "model_id": self.env["ir.model"]._get_id("helpdesk.ticket")}
        )
        self.of_back.action_ids.write({"kind": "move", "folder_name": "Secret folder"})
        self.of_there.action_ids.write({"kind": "answer", "template_id": template.id})
        for user, rule in ((self.leader, self.of_back), (self.manager, self.of_there)):
            for command in (
                (1, rule.action_ids.id, {"sequence": 3}),
                (4, rule.action_ids.id, 0),
                (6, 0, rule.action_ids.ids),
                (1, rule.action_ids.id, {}),
            ):
                with self.subTest(user=user.login, command=command):
                    changes = self.changes([], team_id=self.team.id)
                    changes["action_ids"] = [command]
                    try:
                        result = self._try(user, changes)
                    except AccessError:
                        continue
                    self.assertNotIn("Secret", repr(result))

    def test_preview_of_other_companies(self):
        self.take(mail(to="there@mailflow.test", subject="Secret there"))
        back = self.take(mail(to="back@mailflow.test", subject="Secret back"))
        here = self.take(mail(subject="Secret here"))
        domain = [("fact_subject", "ilike", "secret")]
        for user, seen in ((self.leader, here.browse()), (self.manager, here | back)):
            Rule = self.Rule.with_user(user)
            count = Rule.count_matches(repr(domain), self.company.id, 9999)["count"]
            self.assertEqual(count, len(seen))
            result = Rule.preview(False, self.changes(domain), 9999)
            self.assertEqual({each["id"] for each in result["mails"]}, set(seen.ids))
            with self.assertRaises(AccessError):
                Rule.count_matches(repr(domain), self.other_company.id, 30)
            with self.assertRaises(AccessError):
                Rule.with_context(allowed_company_ids=[self.other_company.id]).count_matches(
                    repr(domain), self.other_company.id, 30
                )
        for user in (self.agent, self.employee):
            with self.assertRaises(AccessError):
                self.Rule.with_user(user).preview(False, self.changes(domain), 30)
            with self.assertRaises(AccessError):
                self.Rule.with_user(user).count_matches(repr(domain), self.company.id, 30)
            with self.assertRaises(AccessError):
                self.Rule.with_user(user).try_on(False, self.changes(domain), {"mail_id": here.id})

    def test_hostile_arguments(self):
        for changes in (
            {"action_ids": 7},
            {"action_ids": [(0,)]},
            {"action_ids": [(1, "virtual_1", {})]},
            {"action_ids": [(9, 9, 9)]},
            {"action_ids": [(6, 0, "abc")]},
            {"action_ids": [(0, 0, {"value_ids": [(0, 0, {"record_ref": "x"})]})]},
            {"domain": "[" * 5000},
            {"domain": None},
            {"company_id": "x"},
            {"company_id": False},
            {"sequence": "x"},
            {"stop": []},
            {"scanner_ids": [(4, 99999)]},
            {"alias_ids": [(0, 0, {"name": "New"})]},
            {"fault": [1, 2]},
            {"match_ids": [(5,)]},
            {"create_uid": 1},
            {"id": 5},
            {"name": 7},
        ):
            with self.subTest(changes=changes):
                values = {**self.changes([], "hold"), **changes}
                result = self._try(self.manager, values)
                self.assertIn("problems", result)

    def test_hostile_rule_ids(self):
        with self.assertRaises(AccessError):
            self._try(self.manager, self.changes([], "hold"), rule=self.of_there.id)
        for rule in (self.of_all.id, self.of_back.id):
            with self.assertRaises(AccessError):
                self._try(self.agent, self.changes([], "hold"), rule=rule)

    def test_leader_tries_what_joins_others(self):
        back = self.take_ticket(mail(to="back@mailflow.test", subject="Secret back"))
        changes = self.changes(
            [],
            {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"},
            team_id=self.team.id,
        )
        result = self._try(
            self.leader, changes, mail(subject="Secret back", from_="x@y-tests.example")
        )
        self.assertNotIn(back.number, repr(result))


class TestAttackReplay(RuleAccessCase):
    """Helpers of screens that managers may write."""

    def test_mails_of_other_companies_by_lines_of_a_replay(self):
        there = self.take(mail(to="there@mailflow.test", subject="Secret there"))
        self.assertTrue(there)
        Replay = self.env["helpdesk.rule.replay"].with_user(self.manager)
        replay = Replay.create({})
        line = {"replay_id": replay.id, "difference": "different"}
        for model, values in (
            ("helpdesk.rule.replay.line", {**line, "mail_id": there.id}),
            ("helpdesk.rule.replay.trace", {"mail_id": there.id}),
        ):
            with self.subTest(model):
                self.check_refused(self.env[model].with_user(self.manager).create, values)
        here = self.take(mail(subject="Here"))
        own = self.env["helpdesk.rule.replay.line"].with_user(self.manager)
        own = own.create({**line, "mail_id": here.id})
        self.check_refused(own.write, {"mail_id": there.id})
        self.check_refused(
            self.env["helpdesk.apply.rules"].with_user(self.manager).create,
            {"mail_ids": [(6, 0, there.ids)]},
        )

    def test_screens_of_others(self):
        other = self.make_user("replaying", "helpdesk_mgmt.group_helpdesk_manager")
        here = self.take(mail(subject="Here"))
        replay = self.env["helpdesk.rule.replay"].with_user(self.manager).create({})
        records = (
            replay,
            replay.line_ids.create(
                {"replay_id": replay.id, "difference": "different", "mail_id": here.id}
            ),
            replay.env["helpdesk.rule.replay.trace"].create({"mail_id": here.id}),
            replay.env["helpdesk.apply.rules"].create({"mail_ids": [(6, 0, here.ids)]}),
        )
        for record in records:
            with self.subTest(record._name):
                self.assertTrue(record.search([("id", "=", record.id)]))
                theirs = record.with_user(other)
                self.assertFalse(theirs.search([("id", "=", record.id)]))
                self.check_refused(theirs.read, ["display_name"])


class TestAttackRights(RuleAccessCase, ValueCase):
    def test_spam_into_a_folder_by_a_leader(self):
        rule = self.of_team.with_user(self.leader)
        self.check_refused(
            rule.write, {"action_ids": [(5,), (0, 0, {"kind": "spam", "folder_name": "Private"})]}
        )

    def test_folder_names(self):
        for name in ("a\r\nb LOGOUT", "a\nb", "x\0y", "x" * 2000, "a\ud800"):
            for kind in ("move", "copy", "spam"):
                # Odoo itself refuses what PostgreSQL cannot hold
                stored = "\0" not in name and "\ud800" not in name
                with self.subTest(name=name[:10], kind=kind):
                    self.check_refused(
                        self.make_rule,
                        [],
                        {"kind": kind, "folder_name": name},
                        error=ValidationError if stored else ValueError,
                    )

    def test_forged_fields(self):
        for name in (
            "ticket.create_uid",
            "ticket.message_ids",
            "ticket.access_token",
            "ticket.company_id",
            "contact.email",
            "contact.user_ids",
            "ticket.active",
        ):
            with self.subTest(name=name):
                self.check_refused(
                    self.make_rule,
                    [],
                    self.action(
                        "contact" if name.startswith("contact") else "ticket", value(name, "5")
                    ),
                    error=ValidationError,
                )

    def test_run_as(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Released",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "state": "code",
                "code": "record.write({'name': env.user.login + str(env.su)})",
                "helpdesk_released": True,
            }
        )
        admin = self.env.ref("base.user_admin")
        values = {"kind": "server_action", "server_action_id": action.id, "run_as_id": admin.id}
        rule = self.Rule.with_user(self.manager).create(
            {"name": "Run", "action_ids": [(0, 0, values)], "sequence": 0}
        )
        self.assertEqual(rule.action_ids.run_as_id, self.manager)
        rule.write({"action_ids": [(1, rule.action_ids.id, {"run_as_id": admin.id})]})
        self.assertEqual(rule.action_ids.run_as_id, self.manager)
        rule.action_ids.run_as_id = admin
        self.assertEqual(rule.action_ids.run_as_id, self.manager)
        rule.action_ids.with_context(default_run_as_id=admin.id).copy()
        self.assertEqual(rule.action_ids.run_as_id, self.manager)
        # somebody else changes what it is run on
        other = self.make_user("other-manager", "helpdesk_mgmt.group_helpdesk_manager")
        rule.with_user(other).write({"active": False})
        copy = rule.with_user(other).copy()
        self.assertEqual(copy.action_ids.run_as_id, other)
        result = self.Rule.with_user(self.manager).load(
            [
                "name",
                "action_ids/kind",
                "action_ids/server_action_id/.id",
                "action_ids/run_as_id/.id",
            ],
            [["Loaded", "server_action", str(action.id), str(admin.id)]],
        )
        if result["ids"]:
            self.assertEqual(self.Rule.browse(result["ids"]).action_ids.run_as_id, self.manager)

    def test_moving_parts(self):
        own = self.of_team.with_user(self.leader)
        foreign = self.of_back.action_ids
        for call in (
            lambda: own.write({"action_ids": [(4, foreign.id)]}),
            lambda: own.write({"action_ids": [(6, 0, foreign.ids)]}),
            lambda: own.write({"action_ids": [(1, foreign.id, {"kind": "ignore"})]}),
            lambda: own.write({"action_ids": [(2, foreign.id)]}),
            lambda: own.action_ids[0].write({"rule_id": self.of_back.id}),
            lambda: own.web_save({"action_ids": [[4, foreign.id]]}, {}),
            lambda: own.copy({"team_id": self.back.id}),
            lambda: own.copy({"team_id": False}),
            lambda: (
                self.Rule.with_user(self.leader)
                .with_context(default_team_id=self.back.id)
                .create({"name": "x"})
            ),
            lambda: own.action_ids.create(
                {"rule_id": self.of_team.id, "kind": "move", "folder_name": "X"}
            ),
            lambda: own.with_context(mailflow_whole_rule=True).write(
                {"action_ids": [(0, 0, {"kind": "delete"})]}
            ),
        ):
            self.check_refused(call, error=UserError)
        self.assertEqual(foreign.exists().rule_id, self.of_back)
        self.assertEqual(foreign.kind, "hold")

    def test_portal_and_public(self):
        portal = self.make_user("mf-portal", "base.group_portal")
        for name in (
            "helpdesk.scanner.rule",
            "helpdesk.scanner.rule.action",
            "helpdesk.scanner.rule.value",
            "helpdesk.scanner.pattern",
            "helpdesk.scanner.rule.match",
            "helpdesk.sender",
            "helpdesk.mail.scanner",
        ):
            for user in (portal, self.env.ref("base.public_user"), self.employee):
                model = self.env[name].with_user(user)
                with self.subTest(name=name, user=user.login), self.assertRaises(AccessError):
                    model.search([])
                with self.subTest(name=name, user=user.login), self.assertRaises(AccessError):
                    model.formatted_read_group([], [], ["__count"])
        for method, *args in (
            ("count_matches", "[]", self.company.id, 1),
            ("preview", False, {}, 1),
            ("try_on", False, {}, {}),
            ("get_condition_fields",),
        ):
            with self.assertRaises(AccessError):
                getattr(self.Rule.with_user(portal), method)(*args)


class TestAttackMail(ValueCase):
    """Mails that are made to get the better of a rule."""

    def refusing(self, name):
        """A ticket's model that refuses the urgent ones."""
        Ticket = type(self.env["helpdesk.ticket"])
        original = getattr(Ticket, name)

        def refuse(records, values):
            if "'priority': '3'" in repr(values):
                raise ValidationError(records.env._("Nothing is that urgent."))
            return original(records, values)

        return patch.object(Ticket, name, refuse)

    def test_values_that_are_refused_lose_no_mail(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        first = self.make_rule(
            [], {"kind": "route_team", "team_id": self.team.id}, sequence=1, stop=False
        )
        rule = self.make_rule(
            [],
            self.action("ticket", value("priority", choice="ticket.priority:3", update=True)),
            {"kind": "seen"},
            name="Urgent",
        )
        reply = mail(headers=[("In-Reply-To", "<first@acorn-tests.example>")])
        for name, raw in (("write", reply), ("create", mail(subject="Another"))):
            with self.subTest(name), self.refusing(name):
                row = self.take(raw)
                self.assertEqual(row.state, "done", row.why)
                self.assertEqual(row.ticket_ids == ticket, name == "write")
                self.assertNotEqual(row.ticket_ids.priority, "3")
                self.assertIn("rule_action_failed", self.codes(row))
                self.assertIn("Nothing is that urgent.", repr(rule.fault))
                self.assertEqual(first.match_ids.mail_id & row, row)
                rule.fault = False

    def test_what_is_refused_anyway_is_no_fault_of_a_rule(self):
        rule = self.make_rule([], {"kind": "set", "priority": "2"})
        Ticket = type(self.env["helpdesk.ticket"])
        with (
            patch.object(Ticket, "create", side_effect=ValidationError("Never")),
            mute_logger("odoo.addons.helpdesk_mailflow.models.intake"),
        ):
            row = self.take(mail())
        self.assertEqual(row.state, "failed")
        self.assertFalse(rule.fault)

    def test_hostile_texts(self):
        pattern = self.make_pattern(r"(?s)Order (?P<order>.+)", where="body")
        self.make_rule(
            [("pattern_ids", "in", pattern.ids)],
            self.action(
                "ticket",
                value("name", "{order} {subject}"),
                value("partner_name", "{from_name}{to}"),
                match_by="both",
                look_in="source",
                same_subject_of="any",
            ),
            self.action(
                "contact",
                value("contact.name", "{order}"),
                value("contact.phone", "{order}"),
                value("contact.comment", "{order}"),
            ),
        )
        many = ", ".join(f"u{number}@acorn-tests.example" for number in range(10_000))
        for number, values in enumerate(
            (
                {"text": "Order " + "x" * 2_000_000},
                {"text": "Order <b>\r\nBcc: x@acorn-tests.example\r\n\r\n{{ 7*7 }} ${7*7}"},
                {"text": "Order a\0b\x1b[31m\u202e\u2028x"},
                {"text": "Order x", "subject": "=?utf-8?q?a=0D=0ABcc:_x=40y.example?="},
                {"text": "Order y", "to": f"support@mailflow.test, {many}"},
                {"text": "Order z", "subject": "İıﬀ" * 500},
                {"text": "Order {password} {from_address} <t t-out='1'/>"},
            )
        ):
            with self.subTest(number):
                sender = f"=?utf-8?q?M=0D=0A=00?= <m{number}@acorn-tests.example>"
                row = self.take(mail(from_=sender, **values))
                self.assertEqual(row.state, "done", row.why)
                ticket = row.ticket_ids
                self.assertTrue(ticket)
                for text in (ticket.name, ticket.partner_name, ticket.partner_id.name):
                    self.assertFalse(set(text) & set("\r\n\0\x1b\u2028\u202e"), text[:80])
                    self.assertLessEqual(len(text), 1000)
                self.assertNotIn("<b>", ticket.partner_id.comment)
                self.assertNotIn("m6@acorn", ticket.name)


class TestAttackServerAction(ConsequenceCase):
    """Code that a rule runs: it may be careless, and the mail is still taken in once."""

    def run_code(self, code, raw=None, domain=()):
        action = self.make_server_action(code)
        rule = self.rule_of_manager(
            {"kind": "server_action", "server_action_id": action.id}, domain=domain
        )
        return rule, self.take(raw or mail(date=None))

    def check_taken_in(self, rule, row):
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(len(row.ticket_ids), 1)
        self.assertIn("rule_server_action_failed", self.codes(row))
        self.assertTrue(rule.fault)

    def test_it_cannot_end_the_transaction(self):
        for code in ("env.cr.commit()", "env.cr.rollback()", "env(su=True).cr.commit()"):
            with self.subTest(code):
                rule, row = self.run_code(f"record.write({{'priority': '3'}})\n{code}")
                self.check_taken_in(rule, row)
                self.assertIn("commit or roll back", repr(rule.fault))
                self.assertNotEqual(row.ticket_ids.priority, "3")
                rule.active = False

    def test_the_transaction_can_be_ended_afterwards(self):
        cursor = self.env.cr
        before = {name: getattr(cursor, name) for name in ("commit", "rollback")}
        self.run_code("env.cr.commit()")
        self.assertEqual({name: getattr(cursor, name) for name in before}, before)

    def test_it_cannot_delete_what_is_taken_in(self):
        for code in (
            "record.unlink()",
            "env['helpdesk.ticket'].search([('partner_email', 'ilike', 'marta')]).unlink()",
        ):
            with self.subTest(code):
                rule, row = self.run_code(code)
                self.check_taken_in(rule, row)
                rule.active = False

    def test_what_it_does_to_the_environment_stays_there(self):
        code = (
            "env = env(context={'active_test': False, 'default_priority': '3'})\n"
            "user = env.ref('base.user_root')\n"
            "raise UserError('a\\0b' * 5000)"
        )
        rule, row = self.run_code(code)
        self.check_taken_in(rule, row)

    def test_its_messages_are_marked_and_limited(self):
        self.company.helpdesk_automatic_per_hour = 2
        Answer = self.env["helpdesk.automatic.answer"]
        before = Answer.search([])
        self.run_code(
            "for number in range(5):\n"
            "    record.message_post(body='Hello', message_type='comment',\n"
            "                        subtype_xmlid='mail.mt_comment')"
        )
        log = Answer.search([]) - before
        self.assertEqual(set(log.mapped("recipient")), {"marta@acorn-tests.example"})
        self.assertEqual(sorted(log.mapped("outcome")), ["sent"] * 2 + ["withheld"] * 3)
        sent = self.env["mail.mail"].search(
            [("mail_message_id", "in", log.filtered(lambda each: each.turn).message_id.ids)]
        )
        self.assertTrue(sent)
        for each in sent:
            self.assertIn("auto-replied", each.headers)

    def test_its_messages_answer_no_program(self):
        Answer = self.env["helpdesk.automatic.answer"]
        before = Answer.search([])
        _rule, row = self.run_code(
            "record.message_post(body='Hello', subtype_xmlid='mail.mt_comment')",
            mail(date=None, headers=[("Auto-Submitted", "auto-generated")]),
            domain=[("kind", "=", "automatic")],
        )
        self.assertIn("rule_server_action_done", self.codes(row))
        log = Answer.search([]) - before
        self.assertFalse(log.filtered(lambda each: each.outcome == "sent"))


class TestAttackAnswer(ConsequenceCase):
    """Answers of rules that a mail must not provoke."""

    def setUp(self):
        super().setUp()
        self.make_rule(
            ["|", ("kind", "!=", False), ("fact_automatic", "=", True)],
            {"kind": "answer", "template_id": self.make_template().id},
        )

    def sent(self, *raws):
        Answer = self.env["helpdesk.automatic.answer"]
        before = Answer.search([])
        rows = self.take_batch(*raws)
        self.assertFalse(rows.filtered(lambda row: row.state in ("failed", "new")))
        return (Answer.search([]) - before).filtered(lambda each: each.outcome == "sent")

    def test_no_program_is_answered(self):
        for headers in (
            [("Auto-Submitted", "auto-replied")],
            [("Auto-Submitted", "auto-generated; x=y")],
            [("List-Id", "<list.acorn-tests.example>")],
            [("Precedence", "bulk")],
            [("Return-Path", "<>")],
            [("X-Auto-Response-Suppress", "All")],
        ):
            with self.subTest(headers=headers):
                self.assertFalse(self.sent(mail(date=None, headers=headers)))

    def test_none_of_us_and_nobody_is_answered(self):
        for sender in (
            "support@mailflow.test",
            "Support <SUPPORT+x@MAILFLOW.test>",
            "MAILER-DAEMON@acorn-tests.example",
            "no address",
            "",
        ):
            with self.subTest(sender=sender):
                self.assertFalse(self.sent(mail(date=None, from_=sender)))

    def test_not_more_than_the_limit_in_one_batch(self):
        self.company.helpdesk_automatic_per_hour = 3
        raws = [mail(date=None, subject=f"Nr. {number}") for number in range(9)]
        self.assertEqual(len(self.sent(*raws)), 3)

    def test_a_mail_twice_is_answered_once(self):
        raw = mail(date=None, message_id="<twice@acorn-tests.example>")
        self.assertEqual(len(self.sent(raw, raw)), 1)
        self.assertFalse(self.sent(raw))

    def test_an_agent_who_replies_is_not_answered(self):
        agent = self.make_user(
            "replier", "helpdesk_mgmt.group_helpdesk_user", email="replier@acorn-tests.example"
        )
        self.sent(mail(date=None, message_id="<asked@acorn-tests.example>"))
        reply = mail(
            date=None,
            from_=agent.email,
            headers=[("In-Reply-To", "<asked@acorn-tests.example>")],
        )
        self.assertFalse(self.sent(reply))
        row = self.env["helpdesk.incoming.mail"].search([], limit=1)
        self.assertIn("rule_answer_left_out", self.codes(row))


class TestAttackSpam(ConsequenceCase):
    """Whom a forged sender cannot cut off."""

    def test_forged_senders(self):
        self.make_rule([("fact_subject", "ilike", "prize")], "spam")
        ticket = self.take_ticket(mail(from_="good@customer-tests.example"))
        ticket.with_user(self.manager).message_post(
            body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.manager.email = "colleague@acorn-tests.example"
        for sender in (
            "good@customer-tests.example",
            "GOOD@Customer-Tests.Example",
            "colleague@acorn-tests.example",
            "support@mailflow.test",
            "Support <Support+tag@mailflow.test>",
            '"a b"@spam-tests.example',
            "%@spam-tests.example",
            "*@spam-tests.example",
        ):
            with self.subTest(sender=sender):
                before = self.env["helpdesk.sender"].search([])
                row = self.take(mail(subject="prize", from_=sender))
                self.assertNotEqual(row.state, "failed", row.why)
                self.assertFalse(self.env["helpdesk.sender"].search([]) - before)

    def test_senders_on_the_list_of_a_colleague(self):
        """A member of the helpdesk blocks by the buttons only, and nobody else's is undone."""
        agent = self.make_user("blocker", "helpdesk_mgmt.group_helpdesk_user")
        Sender = self.env["helpdesk.sender"]
        sender = Sender.create({"pattern": "shop-tests.example"})
        own = sender.with_user(agent)
        for call in (
            lambda: own.create({"pattern": "x@y-tests.example"}),
            lambda: own.write({"user_id": agent.id}),
            lambda: own.write({"source": "person"}),
            lambda: own.unlink(),
            lambda: own.action_unblock(),
        ):
            self.assertRaises(AccessError, call)
        ticket = self.take_ticket(mail(from_="j@example-tests.example")).with_user(agent)
        for method in ("action_block_domain",):
            self.assertRaises(AccessError, getattr(ticket, method))
