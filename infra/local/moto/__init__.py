"""AWS's services inside a local run, played by moto."""
