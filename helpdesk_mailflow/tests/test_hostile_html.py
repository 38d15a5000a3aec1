# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import time

from odoo.tests import TransactionCase, tagged
from odoo.tools.mail import html_sanitize

from ..mailflow.html import tame, text_to_html

HOSTILE = {
    "open tags": "<" * 400_000,
    "open tags with encoding": "< encoding=a" * 30_000,
    "one tag with encoding": "<a " + " encoding=a" * 30_000,
    "encoding in quotes": '<a encoding="' * 30_000,
    "office tags": "<o:" * 130_000,
    "comments": "<!--" * 100_000,
    "< in a comment": "<!--" + "< " * 200_000 + "-->",
    "< in a script": "<script>" + "<" * 400_000 + "</script>",
    "< in a style": "<style>" + "<" * 400_000 + "</style>",
    "< in an attribute": '<p a="' + "<" * 400_000 + '">x',
    "conditional sections": "<![if " * 60_000,
    "CDATA": "<![CDATA[" * 40_000,
    "processing instructions": "<?" * 200_000,
    "levels": "<div>" * 100_000,
    "quotes in each other": "<blockquote>" * 40_000,
    "quoted siblings": "<div>-- <br></div>" * 20_000,
    "quoted lines": "<pre>" + "\n> x\ny" * 60_000,
    "attributes": "<p" + "".join(f" a{number}=1" for number in range(50_000)) + ">x</p>",
    "a style of one word": '<p style="' + "a" * 400_000 + '">x',
    "a style of many words": '<p style="' + "color:red;" * 40_000 + '">x',
    "ampersands": "&" * 400_000,
    "forms": "<form>" * 60_000,
}


@tagged("post_install", "-at_install")
class TestHostileHtml(TransactionCase):
    """Odoo's sanitiser is given nothing that it would choke on."""

    def test_what_is_tamed_is_sanitised_in_bounded_time(self):
        for name, markup in HOSTILE.items():
            with self.subTest(name):
                start = time.process_time()
                html_sanitize(tame(markup), sanitize_style=True)
                self.assertLess(time.process_time() - start, 15)

    def test_a_text_of_many_paragraphs(self):
        start = time.process_time()
        html_sanitize(text_to_html("-- \nx\n\n" + "a\n\n" * 100_000))
        self.assertLess(time.process_time() - start, 15)
