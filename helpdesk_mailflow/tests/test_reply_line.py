# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from lxml import html

from odoo.tools import html2plaintext

from ..mailflow.reply import LINE_CLASS, reply_line
from .common import PIXEL, MailflowCase, mail

LINE = reply_line("Please write your reply above this line")
QUOTE = (
    '<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 3, 2026 at 10:12 AM Support'
    ' &lt;support@mailflow.test&gt; wrote:<br></div><blockquote class="gmail_quote">'
    f'<div class="{LINE_CLASS}">{LINE}</div><p>We are on our way.</p></blockquote></div>'
)


class TestReplyLine(MailflowCase):
    """Of a reply only what is above our line becomes the message, the rest is folded."""

    def setUp(self):
        super().setUp()
        self.ticket = self.take_ticket(mail(message_id="<first@acorn-tests.example>"))

    def reply(self, **values):
        row = self.take(
            mail(
                subject="Re: The printer burns",
                headers=[("In-Reply-To", "<first@acorn-tests.example>")],
                **values,
            )
        )
        self.assertEqual(row.state, "done", row.why)
        return row, row.delivery_ids.message_id

    def parts(self, message):
        """The text of a message that is seen at once, and what is folded."""
        root = html.fragment_fromstring(message.body, create_parent="div")
        folded = [node for node in root if node.get("data-o-mail-quote")]
        texts = [html2plaintext(html.tostring(node, encoding="unicode")) for node in folded]
        for node in folded:
            root.remove(node)
        return html2plaintext(html.tostring(root, encoding="unicode")), "\n".join(texts)

    def test_html(self):
        row, message = self.reply(html=f"<div>It is out now.</div><br>{QUOTE}")
        seen, folded = self.parts(message)
        self.assertEqual(seen, "It is out now.")
        self.assertIn("Support <support@mailflow.test> wrote:", folded)
        self.assertIn("We are on our way.", folded)
        self.assertIn("act_folded", self.codes(row))
        self.assertIn("is folded in the message", row.why)

    def test_text(self):
        quote = f"On 3 Mar 2026 at 10:12, Support wrote:\n> {LINE}\n> We are on our way.\n"
        _row, message = self.reply(text=f"It is <out> now.\n\n{quote}")
        seen, folded = self.parts(message)
        self.assertEqual(seen, "It is <out> now.")
        self.assertIn("We are on our way.", folded)

    def test_nothing_above_is_never_an_empty_message(self):
        answer = "<p>It is out now.</p>"
        for body in (f"{QUOTE}{answer}", f"{QUOTE.removesuffix('</div>')}{answer}</div>"):
            _row, message = self.reply(html=body)
            seen, folded = self.parts(message)
            self.assertEqual(seen, "It is out now.")
            self.assertIn("We are on our way.", folded)

    def test_a_new_ticket_keeps_all(self):
        """Who writes anew and quotes our mail may mean all of it."""
        ticket = self.take_ticket(mail(html=f"<p>What is this?</p>{QUOTE}"))
        self.assertIn("We are on our way.", html2plaintext(ticket.description))
        self.assertNotIn('<div data-o-mail-quote="1">', ticket.description)

    def test_images_and_attachments_of_the_reply_stay(self):
        _row, message = self.reply(
            html=f'<p>Look: <img src="cid:fire"></p>{QUOTE}',
            inline=[("fire", PIXEL)],
            attachments=[("fire.txt", "text/plain", b"hot")],
        )
        self.assertEqual(len(message.attachment_ids), 2)
        self.assertIn("/web/image", message.body)

    def test_hostile_html_is_sanitised_as_ever(self):
        quote = QUOTE.replace("We", "<script>y()</script>We")
        _row, message = self.reply(html=f'<p onclick="x()">Out.<script>x()</script></p>{quote}')
        self.assertNotIn("script", message.body)
        self.assertNotIn("onclick", message.body)
        self.assertEqual(self.parts(message)[0], "Out.")

    def test_without_our_line(self):
        """With the line switched off, quotes are told by what programs make of them."""
        self.company.helpdesk_reply_line = False
        quote = QUOTE.replace(LINE, "").replace(LINE_CLASS, "")
        row, message = self.reply(html=f"<div>It is out now.</div><br>{quote}")
        seen, folded = self.parts(message)
        self.assertEqual(seen, "It is out now.")
        self.assertIn("We are on our way.", folded)
        self.assertIn("act_folded", self.codes(row))
        self.assertNotIn("act_folded_signature", self.codes(row))

    def test_a_signature_is_folded_and_said(self):
        row, message = self.reply(text="It is out now.\n\n-- \nMarta, tel. 42\n")
        seen, folded = self.parts(message)
        self.assertEqual(seen, "It is out now.")
        self.assertIn("Marta, tel. 42", folded)
        self.assertIn("act_folded_signature", self.codes(row))
        self.assertNotIn("act_folded", self.codes(row))
        self.assertIn("Its signature is folded in the message.", row.why)

    def test_answers_between_quotes_are_seen_with_what_they_answer(self):
        """Odoo's own fold would hide all that stands in a program's quote, answers too."""
        quote = '<blockquote class="gmail_quote"><p>%s</p></blockquote>'
        _row, message = self.reply(
            html='<div>Hello,</div><div class="gmail_quote"><div class="gmail_attr">On Tue, 3 Mar'
            " 2026 at 10:12 Support &lt;support@mailflow.test&gt; wrote:<br></div>"
            f"{quote % 'Is it out?'}<div>Yes, it is.</div>{quote % 'Best, Ada'}</div>"
        )
        root = html.fragment_fromstring(message.body, create_parent="div")
        hidden = [node.text_content() for node in root.xpath("//*[@data-o-mail-quote]")]
        self.assertIn("Best, Ada", " ".join(hidden))
        for each in ("Hello,", "Is it out?", "Yes, it is."):
            self.assertNotIn(each, " ".join(hidden))
            self.assertIn(each, root.text_content())

    def test_an_indented_block_is_seen(self):
        row, message = self.reply(html="<p>Two things:</p><blockquote>It smokes.</blockquote>")
        self.assertEqual(self.parts(message)[0].split(), ["Two", "things:", "It", "smokes."])
        self.assertNotIn("data-o-mail-quote", message.body)
        self.assertNotIn("act_folded", self.codes(row))
