"""The operator's side of AWS: the account, packages, resources, and the lifecycle of deployed apps."""
