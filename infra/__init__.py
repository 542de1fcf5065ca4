"""The operator's side: everything that runs on the operator's machine."""
