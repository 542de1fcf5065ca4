"""An AWS emulator on loopback: moto with added features, and services that run functions."""
