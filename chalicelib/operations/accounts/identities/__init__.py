"""How users prove who they are without a password: accounts at OpenID Connect providers, and passkeys."""
