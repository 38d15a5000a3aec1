# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request


class SourceController(http.Controller):
    @http.route("/helpdesk_mailflow/source/<int:mail_id>", type="http", auth="user", readonly=True)
    def source(self, mail_id):
        """The raw source of an incoming mail, as a file. Never shown in the browser: it is
        whatever a stranger sent."""
        mail = request.env["helpdesk.incoming.mail"].browse(mail_id)
        try:
            if not mail.exists() or not mail.has_access("read"):
                raise request.not_found()
        except AccessError:
            raise request.not_found() from None
        # sudo: the side table has no rights of its own; who reads the row may read it
        raw = request.env["helpdesk.incoming.mail.source"].sudo()._load(mail.ids).get(mail.id)
        if raw is None:
            raise request.not_found()
        return request.make_response(
            raw,
            headers=[
                ("Content-Type", "application/octet-stream"),
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Disposition", content_disposition(f"incoming-mail-{mail.id}.eml")),
            ],
        )
