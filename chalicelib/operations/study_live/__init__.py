"""Handles the messages that participants send while a page is open: live elements and chats."""
