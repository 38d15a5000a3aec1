# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.modules.migration import load_script
from odoo.tools.misc import file_path

from ..models.mailbox_change import DONE, FAILED
from ..models.mailbox_steps import STEPS, merge_steps
from ..models.trace import SENTENCES
from .common import MailflowCase

SEEN = {"do": "seen"}


def step(do, folder=None, **values):
    return {"do": do, **({"folder": folder} if folder else {}), **values}


class TestMailboxSteps(MailflowCase):
    """What is to be done in the mailbox: the list of steps, and how the ledger keeps it."""

    def merged(self, default, *wanted, **options):
        return merge_steps(default, wanted, **options)[0]

    def test_without_wishes_the_scanner_s_own_step_is_done(self):
        self.assertEqual(self.merged([SEEN]), [SEEN])
        self.assertEqual(self.merged([]), [])
        self.assertEqual(merge_steps(None, None), ([], []))

    def test_a_wish_wins_over_the_scanner(self):
        unseen = step("unseen", rule=7)
        self.assertEqual(self.merged([SEEN], unseen), [unseen])
        self.assertEqual(self.merged([SEEN], step("seen", rule=7)), [step("seen", rule=7)])

    def test_the_earlier_wish_wins_over_the_later(self):
        self.assertEqual(
            self.merged([SEEN], step("unseen", rule=1), step("seen", rule=2)),
            [step("unseen", rule=1)],
        )
        self.assertEqual(
            self.merged([], step("flag"), step("unflag"), step("flag", rule=2)), [step("flag")]
        )
        self.assertEqual(self.merged([], step("move", "A"), step("delete")), [step("move", "A")])
        self.assertEqual(self.merged([], step("delete"), step("move", "A")), [step("delete")])

    def test_a_mail_leaves_its_folder_last(self):
        self.assertEqual(
            self.merged([SEEN], step("move", "Done"), step("copy", "Archive"), step("flag")),
            [step("flag"), SEEN, step("copy", "Archive"), step("move", "Done")],
        )

    def test_nothing_is_done_twice(self):
        self.assertEqual(
            self.merged([], step("copy", "A"), step("copy", "A", rule=2), step("copy", "B")),
            [step("copy", "A"), step("copy", "B")],
        )
        self.assertEqual(
            self.merged([], step("copy", "inbox"), step("move", "INBOX")), [step("move", "INBOX")]
        )

    def test_what_was_begun_stays_begun(self):
        begun = step("move", "A", begun={"uidvalidity": 1, "uidnext": 2})
        self.assertEqual(self.merged([begun], step("move", "A")), [begun])
        copied = step("copy", "A", begun={"uidvalidity": 1, "uidnext": 2})
        self.assertEqual(self.merged([copied, SEEN], step("copy", "A")), [SEEN, copied])

    def test_pop_only_deletes(self):
        steps, notes = merge_steps([SEEN], [step("flag"), step("delete")], protocol="pop")
        self.assertEqual(steps, [step("delete")])
        self.assertEqual([each.code for each in notes], ["mailbox_pop_only_deletes"])
        wanted = [step("delete")]
        self.assertEqual(merge_steps([], wanted, protocol="pop"), (wanted, []))

    def test_a_mail_of_no_mailbox_wants_nothing_there(self):
        steps, notes = merge_steps([], [step("flag")], protocol="")
        self.assertEqual((steps, [each.code for each in notes]), ([], ["mailbox_none"]))
        self.assertEqual(merge_steps([], [], protocol=""), ([], []))

    def test_each_step_has_its_sentences(self):
        for do in STEPS:
            self.assertIn(DONE[do], SENTENCES)
            self.assertIn(FAILED[do], SENTENCES)

    # ---- in the ledger ----

    def rows(self):
        return self.env["helpdesk.incoming.mail"].create(
            [
                {"door": "scanner", "state": "done", "mailbox_todo": todo}
                for todo in ([SEEN], False, [])
            ]
        )

    def wanting(self, rows):
        domain = [("id", "in", rows.ids), ("mailbox_todo", "!=", False)]
        return rows.search(domain, order="id")

    def test_nothing_to_do_is_null_and_not_in_the_index(self):
        rows = self.rows()
        self.assertEqual(self.wanting(rows), rows[0])
        rows[0].mailbox_todo = []
        self.assertFalse(self.wanting(rows))
        rows[1].mailbox_todo = [step("flag")]
        self.assertEqual(self.wanting(rows), rows[1])
        self.env.cr.execute(
            "SELECT count(*) FROM helpdesk_incoming_mail"
            " WHERE id = ANY(%s) AND mailbox_todo IS NOT NULL",
            [rows.ids],
        )
        self.assertEqual(self.env.cr.fetchone(), (1,))

    def test_words_of_an_older_version_become_steps(self):
        rows = self.rows()
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "ALTER TABLE helpdesk_incoming_mail ALTER COLUMN mailbox_todo TYPE varchar"
            " USING mailbox_todo->0->>'do'"
        )
        cr.execute(
            "INSERT INTO ir_model_fields_selection (field_id, value, name, sequence)"
            " SELECT id, 'seen', '{\"en_US\": \"Mark as read\"}', 0 FROM ir_model_fields"
            " WHERE model = 'helpdesk.incoming.mail' AND name = 'mailbox_todo' RETURNING id"
        )
        [[selection]] = cr.fetchall()
        name = "selection__helpdesk_incoming_mail__mailbox_todo__seen"
        cr.execute(
            "INSERT INTO ir_model_data (module, name, model, res_id)"
            " VALUES ('helpdesk_mailflow', %s, 'ir.model.fields.selection', %s)",
            [name, selection],
        )
        path = file_path("helpdesk_mailflow/migrations/19.0.3.0.0/pre-migration.py")
        script = load_script(path, "pre-migration")
        for _again in range(2):
            script.turn_mailbox_todo_into_steps(cr)
        self.env.invalidate_all()
        self.assertEqual(rows.mapped("mailbox_todo"), [[SEEN], False, False])
        self.assertEqual(self.wanting(rows), rows[0])
        cr.execute("SELECT 1 FROM ir_model_fields_selection WHERE id = %s", [selection])
        self.assertFalse(cr.fetchall())
        cr.execute("SELECT 1 FROM ir_model_data WHERE name = %s", [name])
        self.assertFalse(cr.fetchall())
        cr.execute(
            "SELECT 1 FROM pg_indexes WHERE tablename = 'helpdesk_incoming_mail'"
            " AND indexdef LIKE '%mailbox_todo IS NOT NULL%'"
        )
        self.assertTrue(cr.fetchall(), "the partial index is there still")
