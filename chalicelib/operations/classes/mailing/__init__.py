"""Mails entry links to members of classes."""
