"""What people sign in with, for tests: an OpenID Connect provider on loopback, and a passkey in software."""
