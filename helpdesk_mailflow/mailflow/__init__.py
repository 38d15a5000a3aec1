"""The engine: plain Python, nothing of Odoo, usable and tested without a database."""
