# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import http
from odoo.http import request

from ..log_secrets import mask_paths
from ..models.helpdesk_from_verification import PATH

# a link that was opened can still be confirmed
mask_paths(PATH, r"[^\s'\"?#]+")


class FromAddressController(http.Controller):
    """The link of a verification mail. Scanners of mail systems open every link, so opening it
    changes nothing; the button does."""

    _options = {"type": "http", "auth": "public", "website": True, "multilang": False}

    @http.route(PATH + "<string:token>", methods=["GET"], readonly=True, sitemap=False, **_options)
    def look(self, token, **_query):
        status, verification = request.env["helpdesk.from.verification"]._read_token(token)
        return self._page(status, verification, token)

    @http.route(PATH + "<string:token>", methods=["POST"], sitemap=False, **_options)
    def confirm(self, token, **_form):
        Verification = request.env["helpdesk.from.verification"]
        status, verification = Verification._confirm(token, request.env.user)
        return self._page(status, verification, token)

    def _page(self, status, verification, token):
        """A page for each status of :meth:`HelpdeskFromVerification._read_token`."""
        response = request.render(
            "helpdesk_mailflow.from_verification_page",
            {"status": status, "verification": verification, "action": PATH + token},
            status=404 if status == "unknown" else 200,
        )
        # the address of the page is a secret until it is used
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
