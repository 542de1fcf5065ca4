"""Everything on the operator's machine for AWS: resources, packages, deploying, taking down."""
