"""Everything on the operator's machine that has to do with AWS: resources, packages, deploying, taking down."""
