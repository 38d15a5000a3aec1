# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..mailflow.errors import KeyMissing
from ..models import mailbox_errors, secret_box
from ..models.secret_box import open_sealed, seal

SECRET = "planted-refresh-token-4711"


@tagged("post_install", "-at_install")
class TestSecretBox(TransactionCase):
    """Secrets in the database are of no use without the key that is outside of it."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.use(data_dir=folder.name)
        self.use(**{secret_box.OPTION: ""})
        environment = patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop(secret_box.VARIABLE, None)
        self.file = os.path.join(folder.name, secret_box.FILE)

    def use(self, **options):
        patcher = patch.dict(config.options, options)
        patcher.start()
        self.addCleanup(patcher.stop)

    def refusal(self, sealed):
        with self.assertRaises(KeyMissing) as caught:
            open_sealed(self.env, sealed)
        self.assertNotIn(SECRET, str(caught.exception))
        return mailbox_errors.sentence(self.env, caught.exception)

    def test_a_secret_comes_back_and_is_not_to_be_seen_before(self):
        sealed = seal(self.env, SECRET)
        self.assertNotIn(SECRET, sealed)
        self.assertNotEqual(sealed, seal(self.env, SECRET))
        self.assertEqual(open_sealed(self.env, sealed), SECRET)
        self.assertEqual(open_sealed(self.env, seal(self.env, "schlüssel 鍵")), "schlüssel 鍵")

    def test_the_key_is_made_for_odoo_s_user_alone(self):
        self.assertFalse(os.path.exists(self.file))
        seal(self.env, SECRET)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual(os.listdir(os.path.dirname(self.file)), [secret_box.FILE])
        with open(self.file) as file:
            key = file.read()
        seal(self.env, SECRET)
        with open(self.file) as file:
            self.assertEqual(file.read(), key)

    def test_of_many_that_begin_at_once_all_have_the_same_key(self):
        with ThreadPoolExecutor(20) as pool:
            keys = list(pool.map(lambda _number: secret_box._make_key(), range(60)))
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual(os.listdir(os.path.dirname(self.file)), [secret_box.FILE])

    def test_the_key_can_be_given(self):
        self.use(**{secret_box.OPTION: "of the configuration file " * 2})
        sealed = seal(self.env, SECRET)
        self.assertEqual(open_sealed(self.env, sealed), SECRET)
        os.environ[secret_box.VARIABLE] = "of the environment, which goes first"
        self.assertIn("HELPDESK_MAILFLOW_KEY", self.refusal(sealed))
        self.assertEqual(open_sealed(self.env, seal(self.env, SECRET)), SECRET)
        self.assertFalse(os.path.exists(self.file))

    def test_a_short_key_is_none(self):
        os.environ[secret_box.VARIABLE] = "changeme"
        with self.assertRaisesRegex(KeyMissing, "too short .* at least 32 characters") as caught:
            seal(self.env, SECRET)
        self.assertNotIn("changeme", str(caught.exception))

    def test_a_missing_key_says_what_to_do(self):
        sealed = seal(self.env, SECRET)
        os.unlink(self.file)
        self.assertEqual(
            self.refusal(sealed),
            f"The key that sign-ins are encrypted with is missing: {self.file} is not there. Bring"
            " the file back from a backup, or give the key by the option helpdesk_mailflow_key or"
            " the environment variable HELPDESK_MAILFLOW_KEY. If it is lost, enter the secrets of"
            " the app registrations again, and sign in again to each connected account.",
        )
        # looking for it made no other one
        self.assertFalse(os.path.exists(self.file))

    def test_another_key_says_what_to_do(self):
        sealed = seal(self.env, SECRET)
        os.unlink(self.file)
        seal(self.env, "made anew")
        self.assertEqual(
            self.refusal(sealed),
            f"This was encrypted with another key than the one in {self.file}. Bring the former key"
            " back; if it is lost, enter the secrets of the app registrations again, and sign in"
            " again to each connected account.",
        )

    def test_a_duplicate_of_the_database_cannot_open_it(self):
        sealed = seal(self.env, SECRET)
        self.env["ir.config_parameter"].set_param("database.uuid", "that of the duplicate")
        self.assertEqual(
            self.refusal(sealed),
            "This was encrypted for another database: a duplicate cannot use the sign-ins of its"
            " original. Enter the secrets of the app registrations again, and sign in again to"
            " each connected account that this database shall use.",
        )

    def test_what_was_tampered_with_is_refused(self):
        sealed = seal(self.env, SECRET)
        for broken in (sealed[:-8], sealed[:-5] + "AAAA=", "", "1:", "rubbish", "1:00000000:é"):
            self.refusal(broken)

    def test_a_folder_that_cannot_be_written_says_so(self):
        missing = os.path.join(self.file, "is a file")
        with open(self.file, "w") as file:
            file.write("x")
        self.use(data_dir=missing)
        with self.assertRaisesRegex(KeyMissing, "Let the user that Odoo runs as"):
            seal(self.env, SECRET)
