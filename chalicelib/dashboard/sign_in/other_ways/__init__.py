"""Signing in without a password: with an account at an OpenID Connect provider, or with a passkey."""
