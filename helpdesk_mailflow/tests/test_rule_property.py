# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from functools import partial

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from odoo.tools import SQL

from ..mailflow.fold import fold, frame
from ..models.intake_trial import without_patterns
from ..models.intake_values import FACTS, Facts
from ..models.rule_condition import (
    OPERATORS,
    canonical,
    check_condition,
    compile_condition,
    parse,
)
from .common import MailflowCase

#: Letters that change their number, place or form when they are folded, what SQL and Python
#: take as wildcards or escapes, line ends, and white space of all kinds.
TRICKY = "İıiIßẞsSΣςσŉǅﬁ℡Kµ\\%_'\"\n\r\t \x01\x0b\x1f\x85\xa0\u2028\u0301\u0307\u200dAaÄäéZz09.@-"
TEXT = st.text(
    st.one_of(
        st.sampled_from(TRICKY),
        st.sampled_from("abAB"),
        st.characters(exclude_categories=("Cs",), exclude_characters="\x00"),
    ),
    max_size=12,
)
#: How the same text may be written otherwise.
SPELLINGS = (
    str,
    str.upper,
    str.lower,
    str.title,
    str.swapcase,
    fold,
    lambda text: " ".join(text),
    lambda text: text.replace(" ", "  "),
)
PROFILE = settings(
    max_examples=220,
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class TestRuleProperty(MailflowCase):
    """What a condition says of a mail is the same in the intake, in memory and in SQL."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        tags = env["res.partner.category"].create([{"name": f"Tag {n}"} for n in range(3)])
        tags[2].active = False
        aliases = cls.support | cls.make_alias("One", "one") | cls.make_alias("Two", "two")
        patterns = env["helpdesk.scanner.pattern"].create(
            [{"name": f"Pattern {n}", "text": "x"} for n in range(3)]
        )
        people = env["res.partner"].create([{"name": f"Person {n}"} for n in range(3)])
        scanners = env["fetchmail.server"].create(
            [{"name": f"Scanner {n}", "is_scanner": True, "server": "localhost"} for n in range(2)]
        )
        folders = env["helpdesk.mail.folder"].search([("scanner_id", "in", scanners.ids)])
        folders = folders or env["helpdesk.mail.folder"].create(
            [{"name": f"Folder {n}", "scanner_id": scanners[n].id} for n in range(2)]
        )
        cls.records = {
            "alias_ids": aliases.ids,
            "contact_tag_ids": tags.ids,
            "pattern_ids": patterns.ids,
            "contact_id": people.ids,
            "contact_account_id": people.ids,
            "contact_country_id": (env.ref("base.de") + env.ref("base.be")).ids,
            "scanner_id": scanners.ids,
            "folder_id": folders[:3].ids,
        }
        cls.Mail = env["helpdesk.incoming.mail"]
        cls.choices = {
            name: [key for key, _label in cls.Mail._fields[name]._description_selection(env)][:12]
            for name in FACTS
            if cls.Mail._fields[name].type == "selection"
        }
        env.flush_all()

    # ------------------------------------------------------------
    # STRATEGIES
    # ------------------------------------------------------------

    def draw_facts(self, draw, texts):
        """Facts of a mail whose texts are among these."""
        values = {}
        for name in FACTS:
            kind = self.Mail._fields[name].type
            if kind == "text":
                values[name] = frame(draw(st.lists(st.sampled_from(texts), max_size=3)))
            elif kind == "selection":
                values[name] = draw(st.sampled_from(self.choices[name]))
            elif kind == "boolean":
                values[name] = draw(st.booleans())
            elif kind == "integer":
                values[name] = draw(st.integers(0, 24))
            elif kind == "many2one":
                values[name] = draw(st.sampled_from([False, *self.records[name]]))
            else:
                ids = st.sampled_from(self.records[name])
                values[name] = draw(st.frozensets(ids, max_size=2))
        values["fact_language"] = draw(st.sampled_from([False, "en", "de"]))
        return Facts(**values)

    def draw_value(self, draw, name, operator, texts):
        kind = self.Mail._fields[name].type
        if kind == "text":
            one = partial(self.draw_text, draw, texts)
            if "=ilike" in operator:
                start, end = draw(st.sampled_from(("", "%"))), draw(st.sampled_from(("", "%")))
                return f"{start}{one()}{end}"
        elif kind == "selection":
            one = partial(draw, st.sampled_from([False, *self.choices[name][:4]]))
        elif kind == "boolean":
            one = partial(draw, st.booleans())
        elif kind == "integer":
            one = partial(draw, st.integers(-1, 25))
        else:
            one = partial(draw, st.sampled_from([False, *self.records[name]]))
        if operator in ("in", "not in"):
            return [one() for _each in range(draw(st.integers(1, 3)))]
        if kind == "text" and operator in ("=", "!=") and draw(st.integers(0, 4)) == 0:
            return False
        return one()

    def draw_text(self, draw, texts):
        """A text of one of the mails, a piece of it, or another one."""
        text = draw(st.one_of(st.sampled_from(texts), TEXT))
        start = draw(st.integers(0, 2))
        end = draw(st.sampled_from((None, -1, 3)))
        text = draw(st.sampled_from(SPELLINGS))(text[start:end])
        assume(fold(text).strip() and text.strip("%"))
        return text  # pylint: disable=unreachable

    def draw_domain(self, draw, texts, depth):
        """A domain in prefix notation."""
        choice = draw(st.integers(0, 9)) if depth else 9
        if choice < 3:
            return ["&", *(x for _n in "ab" for x in self.draw_domain(draw, texts, depth - 1))]
        if choice < 6:
            return ["|", *(x for _n in "ab" for x in self.draw_domain(draw, texts, depth - 1))]
        if choice < 7:
            return ["!", *self.draw_domain(draw, texts, depth - 1)]
        # every second one looks at a text
        texts_of = [each for each in FACTS if self.Mail._fields[each].type == "text"]
        name = draw(st.one_of(st.sampled_from(texts_of), st.sampled_from(FACTS)))
        operator = draw(st.sampled_from(OPERATORS[self.Mail._fields[name].type]))
        return [(name, operator, self.draw_value(draw, name, operator, texts))]

    # ------------------------------------------------------------
    # STORED
    # ------------------------------------------------------------

    def insert(self, facts):
        """A row of the ledger with these facts."""
        links = ("alias_ids", "contact_tag_ids", "pattern_ids")
        values = {
            name: getattr(facts, name) or (None if self.is_nullable(name) else getattr(facts, name))
            for name in FACTS
            if name not in links
        }
        values |= {"door": "rpc", "state": "done", "company_id": self.company.id}
        ((row_id,),) = self.env.execute_query(
            SQL(
                "INSERT INTO helpdesk_incoming_mail (%s) VALUES (%s) RETURNING id",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        self.env["helpdesk.intake.facts"]._write_links({row_id: facts})
        return row_id

    def is_nullable(self, name):
        return self.Mail._fields[name].type in ("many2one", "selection")

    # ------------------------------------------------------------
    # TESTS
    # ------------------------------------------------------------

    @PROFILE
    @given(st.data())
    def test_the_intake_memory_and_sql_agree(self, data):
        texts = [*data.draw(st.lists(TEXT, min_size=2, max_size=6)), "Straße", "İstanbul ΣΣ"]
        mails = [self.draw_facts(data.draw, texts) for _each in range(3)]
        text = repr(self.draw_domain(data.draw, texts, depth=3))
        check_condition(self.env, text)
        matches = compile_condition(self.Mail, text)
        domain = canonical(self.Mail, parse(text))
        self.env.cr.execute("SAVEPOINT example")
        try:
            self.env.invalidate_all()
            by_id = {self.insert(facts): facts for facts in mails}
            rows = self.Mail.browse(by_id).with_context(active_test=False)
            compiled = [row_id for row_id, facts in by_id.items() if matches(facts)]
            in_memory = rows.filtered_domain(domain).ids
            here = [("id", "in", list(by_id))]
            in_sql = self.Mail.search([*here, *list(domain)], order="id").ids
            self.assertEqual(in_memory, compiled, f"memory and the intake: {text}")
            self.assertEqual(in_sql, compiled, f"SQL and the intake: {text}")
            wide = without_patterns(domain.optimize(self.Mail))
            found = self.Mail.search([*here, *list(wide)], order="id").ids
            self.assertLessEqual(set(compiled), set(found), f"without patterns: {text}")
            if "pattern_ids" not in text:
                self.assertEqual(found, compiled)
            trial = self.env["helpdesk.intake.trial"]
            for row in rows:
                for name in FACTS:
                    self.assertEqual(trial._fact(row, name), getattr(by_id[row.id], name), name)
        finally:
            self.env.cr.execute("ROLLBACK TO SAVEPOINT example")
            self.env.invalidate_all(flush=False)
