# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.exceptions import ValidationError

from ..mailflow.mail import read
from ..models.intake import Arrival
from ..models.intake_rules import Tried
from ..models.intake_values import Entry, Outcome
from .common import MARTA, mail
from .test_scanner_rule import RuleCase


def value(field, text=None, update=False, create=True, **values):
    """A value of an action; a record, a text or a choice."""
    if hasattr(text, "_ids"):
        values["record_ref"] = text.id
    elif text is not None and not values:
        values["text"] = text
    field = field if "." in field else f"ticket.{field}"
    return {"field_name": field, "on_create": create, "on_update": update, **values}


class ValueCase(RuleCase):
    """Rules whose actions have values."""

    def action(self, kind, *values, **fields):
        """An action with values as :func:`value` makes them."""
        return {"kind": kind, "value_ids": [(0, 0, each) for each in values], **fields}

    def make_pattern(self, text, **values):
        return self.env["helpdesk.scanner.pattern"].create(
            {"name": "Order", "operator": "regex", "text": text, **values}
        )

    def make_tag(self, name, **values):
        return self.env["helpdesk.ticket.tag"].create({"name": name, **values})

    def close(self, ticket):
        stage = self.env["helpdesk.ticket.stage"].search([("closed", "=", True)], limit=1)
        ticket.stage_id = stage
        return ticket


class TestValues(ValueCase):
    """Values of new and of updated tickets."""

    def test_values_of_a_new_ticket(self):
        category = self.env["helpdesk.ticket.category"].create({"name": "Hardware"})
        first, second = self.make_tag("one"), self.make_tag("two")
        self.make_rule(
            [],
            self.action(
                "ticket",
                value("name", "{from_name}: {subject}"),
                value("category_id", category),
                value("tag_ids", first),
                value("tag_ids", second),
                value("priority", choice="ticket.priority:3"),
            ),
        )
        ticket = self.take_ticket(mail())
        self.assertEqual(ticket.name, "Marta Lindqvist: The printer burns")
        self.assertEqual(ticket.category_id, category)
        self.assertEqual(ticket.tag_ids, first | second)
        self.assertEqual(ticket.priority, "3")
        self.assertEqual(ticket.team_id, self.team)

    def test_tags_of_the_alias_stay(self):
        mine, rules = self.make_tag("mine"), self.make_tag("rules")
        self.support.alias_id.alias_defaults = repr(
            {"team_id": self.team.id, "tag_ids": [(6, 0, mine.ids)]}
        )
        self.make_rule([], self.action("ticket", value("tag_ids", rules)))
        self.assertEqual(self.take_ticket(mail()).tag_ids, mine | rules)

    def test_values_of_an_update(self):
        ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))
        self.make_rule(
            [],
            self.action(
                "ticket",
                value("name", "New: {subject}"),
                value("priority", choice="ticket.priority:2", update=True),
                value("partner_name", "Of {ticket}", update=True, create=False),
            ),
        )
        reply = [("In-Reply-To", "<first@acorn-tests.example>")]
        row = self.take(mail(subject="Re: The printer burns", headers=reply))
        self.assertEqual(row.ticket_ids, ticket)
        self.assertEqual(ticket.name, "The printer burns")
        self.assertEqual(ticket.priority, "2")
        self.assertEqual(ticket.partner_name, f"Of {ticket.number}")

    def test_an_earlier_rule_sets_first_and_tags_add_up(self):
        first, second = self.make_tag("one"), self.make_tag("two")
        self.make_rule(
            [],
            {"kind": "set", "priority": "3", "tag_ids": [(6, 0, first.ids)]},
            sequence=1,
            stop=False,
        )
        self.make_rule(
            [], {"kind": "set", "priority": "0", "tag_ids": [(6, 0, second.ids)]}, sequence=2
        )
        ticket = self.take_ticket(mail(message_id="<tags@acorn-tests.example>"))
        self.assertEqual((ticket.priority, ticket.tag_ids), ("3", first | second))
        ticket.write({"priority": "1", "tag_ids": [(5,)]})
        self.take(mail(headers=[("References", "<tags@acorn-tests.example>")]))
        self.assertEqual((ticket.priority, ticket.tag_ids), ("3", first | second))

    def test_placeholders_of_a_pattern(self):
        pattern = self.make_pattern(r"Order (?P<order>\d+)")
        self.make_rule(
            [("pattern_ids", "in", pattern.ids)],
            self.action("ticket", value("name", "Order {order} of {from_address}")),
        )
        ticket = self.take_ticket(mail(subject="About Order 4711, please"))
        self.assertEqual(ticket.name, "Order 4711 of marta@acorn-tests.example")

    def test_a_value_is_never_a_placeholder_nor_html(self):
        self.make_rule(
            [], self.action("ticket", value("name", "{subject}"), value("partner_name", "{to}"))
        )
        ticket = self.take_ticket(mail(subject="{password} {from_name} <script>x</script>"))
        self.assertEqual(ticket.name, "{password} {from_name} <script>x</script>")

    def test_a_long_subject_is_bounded(self):
        self.make_rule(
            [],
            self.action(
                "ticket", value("name", "{subject}"), match_by="both", same_subject_of="any"
            ),
        )
        first = self.take_ticket(mail(subject="x" * 1999))
        self.assertLessEqual(len(first.name), 1000)
        self.assertLessEqual(len(first.subject_key), 100)
        self.take_ticket(mail(subject="x" * 1998))
        row = self.take(mail(subject="x" * 1999))
        self.assertEqual(row.ticket_ids, first)

    def test_what_is_refused_when_saved(self):
        other = self.make_company("Other")
        foreign_team = self.env["helpdesk.ticket.team"].create(
            {"name": "Foreign", "company_id": other.id, "alias_name": False}
        )
        archived = self.make_tag("old", active=False)
        user = self.make_user("rule-stranger", company=other)
        stage = self.env["helpdesk.ticket.stage"].create(
            {
                "name": "Theirs",
                "team_ids": [
                    (
                        6,
                        0,
                        self.env["helpdesk.ticket.team"]
                        .create({"name": "Second", "alias_name": False})
                        .ids,
                    )
                ],
            }
        )
        for refused in (
            value("name", "{password}"),
            value("name", "{ticket}"),
            value("name", " "),
            value("priority", choice="ticket.kanban_state:done"),
            value("priority"),
            value("team_id", foreign_team),
            value("tag_ids", archived),
            value("tag_ids", record_ref=2**30),
            value("user_id", user),
            value("contact.lang", choice="contact.lang:en_US"),
        ):
            with self.subTest(refused=refused), self.assertRaises(ValidationError):
                self.make_rule([], self.action("ticket", refused))
        with self.assertRaises(ValidationError):
            self.make_rule(
                [],
                self.action("ticket", value("team_id", self.team), value("stage_id", stage)),
            )
        with self.assertRaisesRegex(ValidationError, "from_name"):
            self.make_rule([], self.action("ticket", value("name", "{frm_name}")))
        for field in ("company_id", "number", "id", "description", "active"):
            with self.subTest(field=field), self.assertRaises(ValidationError):
                self.make_rule([], self.action("ticket", value(field, "1")))

    def test_a_pattern_taken_from_the_condition(self):
        pattern = self.make_pattern(r"(?P<order>\d+)")
        rule = self.make_rule(
            [("pattern_ids", "in", pattern.ids)],
            self.action("ticket", value("name", "{order}")),
        )
        with self.assertRaises(ValidationError):
            rule.domain = "[]"
        pattern.text = r"(?P<other>\d+)"
        row = self.take(mail(subject="Order 12"))
        self.assertEqual(row.ticket_ids.name, "Order 12")
        self.assertIn("rule_placeholder_gone", self.codes(row))
        self.assertTrue(rule.fault)

    def test_a_fault_keeps_nothing_else(self):
        tag, team = (
            self.make_tag("one"),
            self.env["helpdesk.ticket.team"].create({"name": "Second", "alias_name": False}),
        )
        rule = self.make_rule(
            [],
            self.action(
                "ticket",
                value("team_id", team),
                value("tag_ids", tag),
                value("partner_name", "X {subject}"),
            ),
        )
        team.company_id = self.make_company("Elsewhere")
        tag.unlink()
        row = self.take(mail())
        self.assertEqual(row.state, "done")
        self.assertEqual(row.ticket_ids.company_id, self.company)
        self.assertEqual(row.ticket_ids.team_id, self.team)
        self.assertEqual(row.ticket_ids.partner_name, "X The printer burns")
        self.assertIn("rule_record_elsewhere", self.codes(row))
        self.assertIn("rule_record_gone", self.codes(row))
        self.assertEqual(len(rule.fault), 2)

    def test_a_stage_of_another_team(self):
        second = self.env["helpdesk.ticket.team"].create({"name": "Second", "alias_name": False})
        stage = self.env["helpdesk.ticket.stage"].create({"name": "Ours"})
        rule = self.make_rule([], self.action("ticket", value("stage_id", stage)))
        self.assertEqual(self.take_ticket(mail()).stage_id, stage)
        stage.team_ids = second
        row = self.take(mail())
        self.assertNotEqual(row.ticket_ids.stage_id, stage)
        self.assertIn("rule_stage_elsewhere", self.codes(row))
        self.assertTrue(rule.fault)


class TestWhichTicket(ValueCase):
    """Which ticket a mail updates."""

    def replies(self, row, ticket):
        self.assertEqual([each.outcome for each in row.delivery_ids], ["reply"], row.why)
        self.assertEqual(row.ticket_ids, ticket)
        return row.delivery_ids.message_id

    def test_by_number_of_somebody_who_takes_part(self):
        ticket = self.take_ticket(mail())
        self.make_rule([], {"kind": "ticket", "look_in": "body"})
        row = self.take(mail(subject="Question", text=f"It is about {ticket.number.lower()}."))
        self.assertFalse(self.replies(row, ticket).is_internal)
        self.assertIn("rule_by_number", self.codes(row))

    def test_by_number_of_a_stranger(self):
        ticket = self.take_ticket(mail())
        rule = self.make_rule([], {"kind": "ticket", "look_in": "body"})
        other = mail(subject="Hi", text=ticket.number, from_="eve@example.com")
        row = self.take(other)
        self.assertNotEqual(row.ticket_ids, ticket)
        self.assertIn("rule_stranger", self.codes(row))
        rule.action_ids.of_strangers = True
        row = self.take(mail(subject="Hi", text=ticket.number, from_="eve@example.com"))
        self.replies(row, ticket)

    def test_by_number_with_the_address_of_an_agent(self):
        agent = self.make_user("rule-agent", "helpdesk_mgmt.group_helpdesk_user")
        agent.email = "agent@agents.example"
        self.team.user_ids = agent
        ticket = self.take_ticket(mail())
        self.make_rule([], {"kind": "ticket", "look_in": "body"})
        row = self.take(mail(subject="Hi", text=ticket.number, from_=agent.email))
        self.assertTrue(self.replies(row, ticket).is_internal)

    def test_a_number_of_another_company(self):
        other = self.make_company("Other")
        ticket = self.take_ticket(mail())
        ticket.write({"team_id": False, "support_alias_id": False})
        ticket.company_id = other
        self.make_rule([], {"kind": "ticket", "look_in": "source", "of_strangers": True})
        row = self.take(mail(subject="Hi", text=ticket.number, html=f"<p>{ticket.number}</p>"))
        self.assertNotEqual(row.ticket_ids, ticket)
        self.assertEqual(row.ticket_ids.company_id, self.company)

    def test_a_number_in_the_whole_source(self):
        ticket = self.take_ticket(mail())
        rule = self.make_rule([], {"kind": "ticket", "look_in": "body"})
        header = [("X-Case", ticket.number)]
        self.assertNotEqual(self.take(mail(subject="Hi", headers=header)).ticket_ids, ticket)
        rule.action_ids.look_in = "source"
        self.replies(self.take(mail(subject="Hi", headers=header)), ticket)

    def test_a_pattern_of_numbers_that_cannot_be_used(self):
        for pattern in ("(", "", r"\d*", "(?=x)"):
            with self.subTest(pattern=pattern), self.assertRaises(ValidationError):
                self.make_rule([], {"kind": "ticket", "number_pattern": pattern})

    def test_by_subject_of_the_same_requester(self):
        self.make_rule([], {"kind": "ticket", "match_by": "subject"})
        ticket = self.take_ticket(mail())
        self.replies(self.take(mail(subject="RE: the  PRINTER burns")), ticket)
        self.take_ticket(mail(from_="eve@example.com"))
        self.take_ticket(mail(subject="Another printer burns"))
        self.close(ticket)
        self.assertNotEqual(self.take_ticket(mail()), ticket)

    def test_by_subject_the_newest_open_ticket_of_anybody(self):
        self.make_rule([], {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"})
        ticket = self.take_ticket(mail())
        self.replies(self.take(mail(from_="eve@example.com")), ticket)
        self.take_ticket(mail(subject=None))
        self.take_ticket(mail(subject=None))

    def test_by_subject_of_an_address_without_contact(self):
        self.company.helpdesk_create_contacts = "rule"
        self.make_rule([], {"kind": "ticket", "match_by": "subject"})
        ticket = self.take_ticket(mail(from_="Eve <Eve@Example.com>"))
        self.assertFalse(ticket.partner_id)
        self.replies(self.take(mail(from_="eve@example.com")), ticket)

    def test_a_burst_of_alerts_is_one_ticket(self):
        self.make_rule(
            [],
            self.action(
                "ticket",
                value("name", "Alert: {subject}"),
                value("priority", choice="ticket.priority:3", update=True, create=False),
                match_by="subject",
            ),
        )
        auto = [("Auto-Submitted", "auto-generated")]
        rows = self.take_batch(
            *(mail(subject="disk full", text=f"No. {number}", headers=auto) for number in range(50))
        )
        self.assertEqual(len(rows.ticket_ids), 1)
        self.assertEqual(set(rows.mapped("state")), {"done"})
        outcomes = rows.delivery_ids.mapped("outcome")
        self.assertEqual(outcomes.count("ticket"), 1)
        self.assertEqual(outcomes.count("reply"), 49)
        self.assertEqual(len(rows.delivery_ids.message_id), 50)
        self.assertEqual(rows.ticket_ids.name, "Alert: disk full")
        self.assertEqual(rows.ticket_ids.priority, "3")

    def test_a_burst_beside_others(self):
        self.make_rule([], {"kind": "ticket", "match_by": "subject", "same_subject_of": "any"})
        rows = self.take_batch(
            *(
                mail(
                    subject=f"{'Re: ' * (number > 3)}alert {number % 3}",
                    from_=f"{number}@a.example",
                )
                for number in range(12)
            )
        )
        self.assertEqual(len(rows.ticket_ids), 3)

    def test_a_burst_of_held_mails_ends(self):
        self.support.intake = False
        self.make_rule([], {"kind": "ticket", "match_by": "subject"})
        rows = self.take_batch(*(mail() for _each in range(10)))
        self.assertEqual(set(rows.mapped("state")), {"not_taken_in"})

    def test_always_a_new_ticket(self):
        ticket = self.take_ticket(mail(message_id="<old@acorn-tests.example>"))
        self.make_rule([], self.action("new_ticket", value("name", "Again: {subject}")))
        row = self.take(mail(headers=[("In-Reply-To", "<old@acorn-tests.example>")]))
        self.assertNotEqual(row.ticket_ids, ticket)
        self.assertEqual(row.ticket_ids.name, "Again: The printer burns")
        self.assertEqual(row.ticket_ids.partner_id, ticket.partner_id)
        told = next(each for each in row.trace if each["code"] == "rule_new_beside")
        self.assertEqual(told["values"]["ticket"], ticket.number)

    def test_append_to_the_open_ticket(self):
        other = self.make_alias("Second", "second", team_id=self.team.id)
        self.make_rule([], "append")
        first = self.take_ticket(mail(subject="One"))
        at_other = self.env["helpdesk.ticket"].create(
            {
                "name": "Two",
                "description": "x",
                "partner_id": first.partner_id.id,
                "support_alias_id": other.id,
                "team_id": self.team.id,
            }
        )
        self.replies(self.take(mail(subject="Three")), first)
        self.close(first)
        self.replies(self.take(mail(subject="Four")), at_other)
        self.close(at_other)
        row = self.take(mail(subject="Five"))
        self.assertIn("rule_append_none", self.codes(row))
        self.assertEqual(row.delivery_ids.outcome, "ticket")
        self.assertNotIn(
            "reply",
            self.take(mail(subject="Six", from_="eve@example.com")).mapped("delivery_ids.outcome"),
        )

    def test_append_marks_who_may_not_be_the_requester(self):
        """Nobody gets in as a copy of a mail that somebody else may have written."""
        self.make_rule([], "append")
        self.company.helpdesk_contact_from_reply_to = True
        self.scanner = self.make_scanner(authserv_id="mx.mailflow.test")
        ticket = self.take_ticket(mail())
        said = "mx.mailflow.test; dmarc=fail header.from=acorn-tests.example"
        forged = ("Authentication-Results", said)
        for from_, header in (
            ("Marta Lindqvist <marta@acorn-tests.example>", forged),
            ("Eve <eve@evil.example>", ("Reply-To", "marta@acorn-tests.example")),
        ):
            with self.subTest(header=header):
                copied = ("Cc", "mallory@evil.example")
                row = self.fetch(mail(from_=from_, subject="New", headers=[header, copied]))
                self.assertEqual(row.ticket_ids, ticket, row.why)
                self.assertIn("rule_marked", self.codes(row))
                marks = row.delivery_ids.message_id.helpdesk_marks
                self.assertIn("mark_unverified", [each["code"] for each in marks])
                self.assertFalse(ticket.email_cc)

    def test_append_within_a_batch(self):
        self.make_rule([], "append")
        rows = self.take_batch(mail(subject="One"), mail(subject="Two"), mail(subject="Three"))
        self.assertEqual(len(rows.ticket_ids), 1)
        self.assertEqual(rows.delivery_ids.mapped("outcome").count(Outcome.REPLY.value), 2)

    def test_a_batch_takes_no_query_for_each_mail(self):
        self.make_rule(
            [],
            self.action("ticket", value("name", "{subject}"), match_by="both", look_in="body"),
            {"kind": "set", "priority": "2"},
        )
        intake = self.env["helpdesk.intake"]

        def plan_queries(count, outcome):
            rows = intake._store(
                [
                    Arrival(
                        mail(f"subject {number}", f"{number}@b.example", text="HT00042"),
                        {"door": "rpc"},
                        ("stored_rpc", {"size": 1}),
                    )
                    for number in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            entries = intake._entries(rows, None)
            verdicts = self.env["helpdesk.intake.judge"]._judge(entries)
            before = self.env.cr.sql_log_count
            plans = self.env["helpdesk.intake.decide"]._decide(verdicts)
            taken = self.env.cr.sql_log_count - before
            self.assertEqual({plan.deliveries[0].outcome for plan in plans}, {outcome})
            self.assertEqual(len(plans), count)
            return taken

        few = plan_queries(2, Outcome.TICKET)
        self.assertLessEqual(plan_queries(50, Outcome.TICKET), few + 2)
        self.take_batch(*(mail(f"subject {number}", f"{number}@b.example") for number in range(50)))
        few = plan_queries(2, Outcome.REPLY)
        self.assertLessEqual(plan_queries(50, Outcome.REPLY), few + 2)

    def test_it_is_decided_in_a_transaction_that_writes_nothing(self):
        self.assertTrue(self.take_ticket(mail()).partner_id)
        self.make_rule(
            [],
            self.action("ticket", value("name", "{subject}"), match_by="both"),
            {"kind": "route_agent", "assign": "least_busy"},
        )
        self.env.flush_all()
        intake = self.env["helpdesk.intake"]
        entry = Entry(row_id=0, mail=read(mail(from_=MARTA)), company_id=self.company.id)
        with self.env.cr.savepoint(flush=False):
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            plan = intake._plans([entry])[0]
            self.assertEqual(plan.deliveries[0].outcome, Outcome.REPLY)

    def test_an_unsaved_rule_can_be_tried(self):
        tag = self.make_tag("one")
        pattern = self.make_pattern(r"burns (?P<what>\w+)")
        rule = self.env["helpdesk.scanner.rule"].new(
            {
                "name": "Unsaved",
                "company_id": self.company.id,
                "domain": repr([("pattern_ids", "in", pattern.ids)]),
                "action_ids": [
                    (
                        0,
                        0,
                        self.action(
                            "ticket",
                            value("name", "{what} {subject}"),
                            value("tag_ids", tag),
                            value("user_id", assign="least_busy"),
                            match_by="both",
                        ),
                    ),
                    (0, 0, {"kind": "set", "tag_ids": [(6, 0, tag.ids)], "priority": "3"}),
                    (0, 0, {"kind": "append"}),
                ],
            }
        )
        intake = self.env["helpdesk.intake"].with_context(mailflow_rules=Tried((rule._compile(),)))
        raw = mail(subject="It burns well")
        entry = Entry(row_id=0, mail=read(raw), company_id=self.company.id)
        [delivery] = intake._plans([entry])[0].deliveries
        self.assertEqual(delivery.values["name"], "well It burns well")
        self.assertEqual(delivery.values["tag_ids"], [(4, tag.id, 0)])
        self.assertEqual(delivery.values["priority"], "3")

    def test_forwarded_to_a_supplier(self):
        ticket = self.take_ticket(mail())
        agent = self.make_user("rule-forwarder", "helpdesk_mgmt.group_helpdesk_user")
        supplier = self.make_contact("Supplier", "help@supplier-tests.example")
        message = (
            ticket.with_user(agent)
            .sudo()
            .message_post(body="Please look", partner_ids=supplier.ids)
        )
        message.helpdesk_forward = True
        ticket.message_unsubscribe(supplier.ids)
        self.make_rule([], {"kind": "ticket", "look_in": "body"})
        row = self.take(mail(subject="Hi", text=ticket.number, from_=supplier.email))
        self.assertTrue(self.replies(row, ticket).is_internal)


class TestValueForm(ValueCase):
    """What the form of a value offers."""

    def test_only_what_fits_is_offered(self):
        self.make_rule(
            [],
            self.action("ticket", value("priority", choice="ticket.priority:3")),
            self.action("contact", value("contact.name", "{from_name}")),
        )
        of_ticket, of_contact = self.env["helpdesk.scanner.rule.value"].search(
            [("company_id", "=", self.company.id)], limit=2, order="id desc"
        )[::-1]
        self.assertEqual(of_ticket.takes, "choice")
        self.assertIn("ticket.priority:3", of_ticket.choices_offered)
        self.assertTrue(all(each.startswith("ticket.") for each in of_ticket.fields_offered))
        self.assertTrue(all(each.startswith("contact.") for each in of_contact.fields_offered))
        self.assertIn("Very High", of_ticket.action_id.summary)

    def test_a_rule_in_its_form_is_tried(self):
        manager = self.make_user("rule-trier", "helpdesk_mgmt.group_helpdesk_manager")
        row = self.take(mail())
        changes = {
            "name": "Tried",
            "company_id": self.company.id,
            "domain": "[]",
            "action_ids": [
                (0, 0, self.action("new_ticket", value("name", "{subject}!"))),
                (0, 0, {"kind": "set", "priority": "3"}),
            ],
        }
        rules = self.env["helpdesk.scanner.rule"].with_user(manager)
        result = rules.try_on(False, changes, {"mail_id": row.id})
        self.assertTrue(result["matched"], result)
        self.assertFalse(result["problems"], result)
