"""The role `letters`: mails of approved leaks to their recipients. It never learns who sent one."""
