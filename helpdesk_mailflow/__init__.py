from . import controllers, log_secrets, models, wizards
from .hooks import post_init_hook, uninstall_hook

log_secrets.mask()
