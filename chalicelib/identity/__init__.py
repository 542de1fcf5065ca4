"""Verifies who a person is: their account at an OpenID Connect provider, or a passkey."""
