-- a copy of the database must not read the mailboxes of the original
UPDATE fetchmail_server SET state = 'draft', password = NULL WHERE is_scanner;
