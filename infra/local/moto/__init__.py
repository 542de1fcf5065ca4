"""AWS services inside a local run, emulated by moto."""
