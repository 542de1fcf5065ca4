"""Mailers: SMTP, SES, or the log."""
