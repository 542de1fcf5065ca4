"""An OpenID Connect provider on loopback, for tests."""
