"""Every query, index and document shape of the mailer: the mails with their journal, and what recipients want."""
