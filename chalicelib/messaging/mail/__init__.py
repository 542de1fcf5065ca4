"""Mail to the operator: SMTP, SES, or the log."""
