"""What both consoles share: accounts, sign-in, sessions, refusals. Code only: data and cookies are apart."""
